// A part of a picture at another size, by the rules of OpenCV's INTER_AREA and INTER_LINEAR.

import { blackPixels, type Pixels } from "./pixels.js";
import { roundHalfEven } from "./rounding.js";

const ONE = 2048; // weights of an interpolation are whole numbers of 11 bits

/** A part of a picture in whole pixels: x1 and y1 are no longer in it. */
export interface Window {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** All of a picture. */
export function wholeOf(image: Pixels): Window {
  return { x0: 0, y0: 0, x1: image.width, y1: image.height };
}

/** The part at width x height, which must not be larger: each new pixel is the mean under it. */
export function resizeArea(image: Pixels, part: Window, width: number, height: number): Pixels {
  const columns = coverage(part.x1 - part.x0, width);
  const rows = coverage(part.y1 - part.y0, height);
  const out = blackPixels(width, height);
  const line = new Float32Array(width * 3);
  const sums = new Float32Array(width * 3);
  let next = 0;
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (; next < rows.length && rows.target[next] === y; next++) {
      averageRow(image, part, part.y0 + rows.source[next], columns, line);
      const weight = rows.weight[next];
      for (let i = 0; i < sums.length; i++) sums[i] += line[i] * weight;
    }
    writeRow(out, y, sums);
  }
  return out;
}

/**
 * The part at width x height by interpolation between the four nearest pixels, in OpenCV's whole
 * numbers: a detector's best cell may hang on one level of one pixel.
 */
export function resizeLinear(image: Pixels, part: Window, width: number, height: number): Pixels {
  const columns = neighbours(part.x1 - part.x0, width);
  const rows = neighbours(part.y1 - part.y0, height);
  const out = blackPixels(width, height);
  const { data } = image;
  for (let y = 0; y < height; y++) {
    const top = (part.y0 + rows.first[y]) * image.width + part.x0;
    const below = (part.y0 + rows.second[y]) * image.width + part.x0;
    const [up, down] = [rows.near[y], rows.far[y]];
    for (let x = 0; x < width; x++) {
      const a = (top + columns.first[x]) * 4;
      const b = (top + columns.second[x]) * 4;
      const c = (below + columns.first[x]) * 4;
      const d = (below + columns.second[x]) * 4;
      const [left, right] = [columns.near[x], columns.far[x]];
      const to = (y * width + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        const upper = (data[a + channel] * left + data[b + channel] * right) >> 4;
        const lower = (data[c + channel] * left + data[d + channel] * right) >> 4;
        out.data[to + channel] = (((up * upper) >> 16) + ((down * lower) >> 16) + 2) >> 2;
      }
      out.data[to + 3] = 255;
    }
  }
  return out;
}

interface Coverage {
  readonly length: number;
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly weight: Float32Array;
}

/** Which source pixels lie under each target pixel, in order, and their shares of it. */
function coverage(length: number, size: number): Coverage {
  const scale = length / size;
  const source: number[] = [];
  const target: number[] = [];
  const weight: number[] = [];
  for (let index = 0; index < size; index++) {
    const start = index * scale;
    const end = Math.min(start + scale, length);
    const first = Math.min(Math.floor(start + 1e-9), length - 1);
    for (let at = first; at < end - 1e-6; at++) {
      source.push(at);
      target.push(index);
      weight.push((Math.min(at + 1, end) - Math.max(at, start)) / (end - start));
    }
  }
  return {
    length: source.length,
    source: Int32Array.from(source),
    target: Int32Array.from(target),
    weight: Float32Array.from(weight),
  };
}

function averageRow(
  image: Pixels,
  part: Window,
  y: number,
  columns: Coverage,
  line: Float32Array,
): void {
  line.fill(0);
  const { data } = image;
  const start = y * image.width + part.x0;
  for (let i = 0; i < columns.length; i++) {
    const from = (start + columns.source[i]) * 4;
    const to = columns.target[i] * 3;
    const weight = columns.weight[i];
    line[to] += data[from] * weight;
    line[to + 1] += data[from + 1] * weight;
    line[to + 2] += data[from + 2] * weight;
  }
}

function writeRow(out: Pixels, y: number, sums: Float32Array): void {
  for (let x = 0; x < out.width; x++) {
    const to = (y * out.width + x) * 4;
    out.data[to] = sums[x * 3];
    out.data[to + 1] = sums[x * 3 + 1];
    out.data[to + 2] = sums[x * 3 + 2];
    out.data[to + 3] = 255;
  }
}

interface Neighbours {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Weights of the first and second, 2048 together. */
  readonly near: Int32Array;
  readonly far: Int32Array;
}

/** The two source pixels between which each target pixel's centre lies; the edge is repeated. */
function neighbours(length: number, size: number): Neighbours {
  const scale = 1 / (size / length);
  const [first, second, near, far] = [0, 1, 2, 3].map(() => new Int32Array(size));
  for (let index = 0; index < size; index++) {
    // In single precision, as OpenCV has it.
    const at = Math.min(Math.max(Math.fround((index + 0.5) * scale - 0.5), 0), length - 1);
    first[index] = Math.floor(at);
    second[index] = Math.min(first[index] + 1, length - 1);
    const share = Math.fround(at - first[index]);
    near[index] = roundHalfEven(Math.fround(1 - share) * ONE);
    far[index] = roundHalfEven(share * ONE);
  }
  return { first, second, near, far };
}
