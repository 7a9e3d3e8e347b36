// Pictures as arrays of pixels.

import { InputError } from "../errors.js";

/** 8-bit RGBA rows from the top, as `ImageData` has them; alpha is ignored. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** A black, transparent picture. */
export function blackPixels(width: number, height: number): Pixels {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

/** Whether a value has the form of `ImageData`. */
export function isPixels(value: unknown): value is Pixels {
  if (typeof value !== "object" || value === null) return false;
  const { width, height, data } = value as Partial<Pixels>;
  return typeof width === "number" && typeof height === "number" && data !== undefined;
}

/**
 * Check a picture and return it.
 *
 * @throws InputError when its size and its data do not agree, or it is empty.
 */
export function checkPixels(image: Pixels): Pixels {
  const { width, height, data } = image;
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || !(data instanceof Uint8ClampedArray) || data.length !== width * height * 4) {
    throw new InputError(
      `expected RGBA pixels as ImageData has them, got ${width} x ${height} with ` +
        `${data?.length ?? "no"} bytes`,
    );
  }
  return image;
}
