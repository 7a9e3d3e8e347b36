// The browser's pictures as pixels.

import { ImageFileError, InputError, messageOf } from "../errors.js";
import { checkPixels, isPixels, type Pixels } from "./pixels.js";

/** Whatever a browser shows as a picture, a file of one, or pixels. */
export type Picture = Pixels | Blob | CanvasImageSource;

/** A picture with more pixels is refused. */
export const DEFAULT_MAX_PIXELS = 100_000_000;

/**
 * Read a picture as pixels, the right way up.
 *
 * Colour profiles are ignored and transparent parts are black, as frsdk does it in Python. A
 * picture file above `fitPixels` is scaled down to it.
 *
 * @param maxPixels Refuse pictures with more pixels than this.
 * @param fitPixels Scale larger pictures down to this many pixels.
 * @throws ImageFileError when a file is no picture that this browser reads, or too large.
 * @throws InputError when a picture has no pixels yet.
 */
export async function readPicture(
  picture: Picture,
  options: { maxPixels?: number; fitPixels?: number } = {},
): Promise<Pixels> {
  if (isPixels(picture)) return checkPixels(picture);
  if (picture instanceof Blob) {
    const bitmap = await bitmapOf(picture);
    try {
      return pixelsOf(bitmap, bitmap.width, bitmap.height, options);
    } finally {
      bitmap.close();
    }
  }
  const [width, height] = sizeOf(picture);
  return pixelsOf(picture, width, height, options);
}

async function bitmapOf(file: Blob): Promise<ImageBitmap> {
  const name = file instanceof File ? file.name : "the file";
  if (file.size === 0) throw new ImageFileError(`${name} is empty (0 bytes)`);
  try {
    return await createImageBitmap(file, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "default",
    });
  } catch (error) {
    throw new ImageFileError(
      `${name} is no picture that this browser reads: choose a JPEG, PNG or WebP ` +
        `(${messageOf(error)})`,
      { cause: error },
    );
  }
}

/** One canvas for all frames of a stream: a new one each time costs more than the copy. */
let canvas: OffscreenCanvas | undefined;

function pixelsOf(
  source: CanvasImageSource,
  width: number,
  height: number,
  {
    maxPixels = DEFAULT_MAX_PIXELS,
    fitPixels = Infinity,
  }: { maxPixels?: number; fitPixels?: number },
): Pixels {
  if (!(width > 0 && height > 0)) {
    throw new InputError("the picture has no pixels yet: wait until it is loaded");
  }
  if (width * height > maxPixels) {
    throw new ImageFileError(
      `too many pixels: ${width} x ${height}, at most ${maxPixels}: make the picture smaller`,
    );
  }
  const scale = Math.min(1, Math.sqrt(fitPixels / (width * height)));
  const [wide, high] = [width, height].map((side) => Math.max(1, Math.floor(side * scale)));
  if (canvas === undefined || canvas.width !== wide || canvas.height !== high) {
    canvas = new OffscreenCanvas(wide, high);
  }
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  if (context === null) throw new InputError(`no memory for a picture of ${wide} x ${high}`);
  context.fillStyle = "black";
  context.fillRect(0, 0, wide, high);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, wide, high);
  const pixels = context.getImageData(0, 0, wide, high);
  if (wide * high > 4_000_000) canvas = undefined; // a large one is not kept
  return pixels;
}

function sizeOf(source: CanvasImageSource): [number, number] {
  if (typeof HTMLVideoElement !== "undefined" && source instanceof HTMLVideoElement) {
    return [source.videoWidth, source.videoHeight];
  }
  if (typeof HTMLImageElement !== "undefined" && source instanceof HTMLImageElement) {
    return [source.naturalWidth, source.naturalHeight];
  }
  if (typeof VideoFrame !== "undefined" && source instanceof VideoFrame) {
    return [source.displayWidth, source.displayHeight];
  }
  const { width, height } = source as { width?: unknown; height?: unknown };
  if (typeof width !== "number" || typeof height !== "number") {
    throw new InputError("expected a picture: pixels, a file, an image, a video or a canvas");
  }
  return [width, height];
}
