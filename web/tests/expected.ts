// What Python gives on small inputs (fixtures/make_expected.py), and the picture that it took.

import { readFileSync } from "node:fs";
import type { Pixels } from "../src/imaging/pixels.js";

interface Resized {
  readonly size: readonly [number, number];
  readonly pixels: number[];
}

/** What `make_expected.py` wrote. */
export interface Expected {
  readonly crops: {
    readonly roi: readonly [number, number, number, number];
    readonly pixels: number[];
  }[];
  readonly area: Resized[];
  readonly linear: Resized[];
  /** Longer side, tile, finest side, sides of the levels. */
  readonly levels: [number, number, number, number[]][];
  readonly tiles: {
    readonly scale: number[];
    readonly corner: number[];
    readonly own: number[];
    readonly sum: number;
  }[];
  readonly nms: { readonly boxes: number[][]; readonly scores: number[]; readonly kept: number[] };
  readonly rolls: { readonly points: number[][]; readonly degrees: number[] };
  readonly box_roi: number[];
  readonly stream: {
    readonly dt_s: number;
    readonly frames: {
      readonly params: number[];
      readonly roi: readonly [number, number, number, number];
      readonly smooth: number[];
    }[];
  };
  readonly face: {
    readonly params: number[];
    readonly roi: readonly [number, number, number, number];
    readonly landmarks: number[];
    readonly pose: number[];
    readonly rotation: number[];
    readonly forms: number[];
    readonly landmark_roi: number[];
  };
}

export const expected = JSON.parse(
  readFileSync(new URL("./fixtures/expected.json", import.meta.url), "utf8"),
) as Expected;

/** The picture of `make_expected.py`; its channels are BGR there. */
export function picture(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      for (let c = 0; c < 3; c++) {
        data[i + 2 - c] = (x * 37 + y * 101 + c * 53 + ((x * y) % 29) * 7 + x * x) % 256;
      }
      data[i + 3] = 255;
    }
  }
  return { width, height, data };
}

/** Pixels as Python lists them: rows of B, G, R. */
export function bgrOf({ data }: Pixels): number[] {
  const out: number[] = [];
  for (let i = 0; i < data.length; i += 4) out.push(data[i + 2], data[i + 1], data[i]);
  return out;
}

/** Largest difference of two lists of numbers. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
