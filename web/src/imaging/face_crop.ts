// Cut the network's input out of a picture.

import type { InputSpec } from "../specs/model_spec.js";
import { blackPixels, type Pixels } from "./pixels.js";
import { resizeArea, type Window } from "./resize.js";
import type { Affine, Roi } from "./roi.js";
import { roundHalfEven } from "./rounding.js";

const FAR = 1e12; // pixels; beyond, a ROI of absurd size would overflow

/**
 * Sample the square of a face as the network sees it.
 *
 * Bilinear, black outside the picture, half-pixel exact. A ROI of more than twice the size is
 * averaged over whole blocks of pixels first, so that large faces do not alias.
 *
 * @param size Pixels of a side of the crop.
 */
export function cropFace(image: Pixels, roi: Roi, size: number): Pixels {
  const imageFromCrop = roi.imageFromCrop(size);
  const factor = roi.side > 2 * size ? Math.max(1, Math.floor(roi.side / size)) : 1;
  const part = windowUnder(imageFromCrop, size, factor, image);
  if (part.x1 <= part.x0 || part.y1 <= part.y0) return blackPixels(size, size);
  if (factor === 1) return warp(image, part, shifted(imageFromCrop, part, 1, 1), size);
  // At the image's edge the last block is not whole: then the blocks are slightly smaller.
  const width = Math.ceil((part.x1 - part.x0) / factor);
  const height = Math.ceil((part.y1 - part.y0) / factor);
  const smaller = resizeArea(image, part, width, height);
  const blockX = (part.x1 - part.x0) / width;
  const blockY = (part.y1 - part.y0) / height;
  const whole = { x0: 0, y0: 0, x1: width, y1: height };
  return warp(smaller, whole, shifted(imageFromCrop, part, blockX, blockY), size);
}

/**
 * Turn crops into the network's input: channels first, (value - mean) / std.
 *
 * @returns (n, 3, size, size) as one array.
 */
export function networkInput(crops: readonly Pixels[], spec: InputSpec): Float32Array {
  const plane = spec.size * spec.size;
  const batch = new Float32Array(crops.length * 3 * plane);
  const order = spec.colourOrder === "BGR" ? [2, 1, 0] : [0, 1, 2];
  crops.forEach((crop, index) => {
    for (let channel = 0; channel < 3; channel++) {
      const from = order[channel];
      const start = (index * 3 + channel) * plane;
      const mean = spec.mean[channel];
      const std = spec.std[channel];
      for (let i = 0; i < plane; i++) batch[start + i] = (crop.data[i * 4 + from] - mean) / std;
    }
  });
  return batch;
}

/** image pixel -> window pixel: (x - x0 + 0.5) / block - 0.5 */
function shifted(matrix: Affine, part: Window, blockX: number, blockY: number): Affine {
  const [a, b, c, d, e, f] = matrix;
  return [
    a / blockX,
    b / blockX,
    (c + 0.5 - part.x0) / blockX - 0.5,
    d / blockY,
    e / blockY,
    (f + 0.5 - part.y0) / blockY - 0.5,
  ];
}

/** The part of the image under the crop, grown by two blocks, in whole blocks where it can. */
function windowUnder(matrix: Affine, size: number, factor: number, image: Pixels): Window {
  const [x0, x1] = spanUnder(matrix[0], matrix[1], matrix[2], size, factor, image.width);
  const [y0, y1] = spanUnder(matrix[3], matrix[4], matrix[5], size, factor, image.height);
  return { x0, y0, x1, y1 };
}

/** The window's first and last + 1 pixel on one axis. */
function spanUnder(
  along: number,
  across: number,
  start: number,
  size: number,
  factor: number,
  limit: number,
): [number, number] {
  const edges = [-0.5, size - 0.5];
  const corners = edges
    .flatMap((x) => edges.map((y) => along * x + across * y + start))
    .map((corner) => Math.min(Math.max(corner, -FAR), FAR));
  const least = Math.min(...corners);
  // Blocks begin at the crop's own corner, so that block and crop pixel coincide for whole ratios.
  const corner = roundHalfEven(corners[0] + 0.5);
  const before = Math.ceil((corner - least) / factor) + 2;
  const low = Math.min(Math.max(corner - before * factor, 0), limit);
  const high = Math.min(Math.max(Math.ceil(Math.max(...corners)) + 1 + 2 * factor, 0), limit);
  const blocks = Math.ceil((high - low) / factor);
  return [low, Math.min(low + blocks * factor, limit)];
}

/** Bilinear samples of a window at matrix * (crop pixel); outside the window is black. */
function warp(image: Pixels, part: Window, matrix: Affine, size: number): Pixels {
  const out = blackPixels(size, size);
  const [a, b, c, d, e, f] = matrix;
  const width = part.x1 - part.x0;
  const height = part.y1 - part.y0;
  const { data } = image;
  const target = out.data;
  const stride = image.width * 4;
  const origin = part.y0 * stride + part.x0 * 4;
  for (let j = 0, to = 0; j < size; j++) {
    for (let i = 0; i < size; i++, to += 4) {
      const x = a * i + b * j + c;
      const y = d * i + e * j + f;
      const left = Math.floor(x);
      const top = Math.floor(y);
      if (left < -1 || top < -1 || left >= width || top >= height) continue;
      const right = x - left;
      const down = y - top;
      // Weights of the four neighbours; those outside count as black.
      const inLeft = left >= 0 ? 1 - right : 0;
      const inRight = left + 1 < width ? right : 0;
      const inTop = top >= 0 ? 1 - down : 0;
      const inBottom = top + 1 < height ? down : 0;
      const at = origin + top * stride + left * 4;
      const first = inTop > 0 && inLeft > 0 ? at : origin;
      const second = inTop > 0 && inRight > 0 ? at + 4 : origin;
      const third = inBottom > 0 && inLeft > 0 ? at + stride : origin;
      const fourth = inBottom > 0 && inRight > 0 ? at + stride + 4 : origin;
      const w1 = inTop * inLeft;
      const w2 = inTop * inRight;
      const w3 = inBottom * inLeft;
      const w4 = inBottom * inRight;
      for (let channel = 0; channel < 3; channel++) {
        target[to + channel] =
          data[first + channel] * w1 +
          data[second + channel] * w2 +
          data[third + channel] * w3 +
          data[fourth + channel] * w4;
      }
      target[to + 3] = 255;
    }
  }
  return out;
}
