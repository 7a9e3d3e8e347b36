// The squares of a picture that a detector looks at.

import { blackPixels, type Pixels } from "../imaging/pixels.js";
import { resizeArea, resizeLinear, wholeOf } from "../imaging/resize.js";
import { roundHalfEven } from "../imaging/rounding.js";
import type { Found } from "./detector_outputs.js";

const STEP = 2.6; // largest ratio of two levels: what one level sees small, the next sees large
const OVERLAP = 0.2; // of neighbouring tiles, share of their side
const INTERPOLATED = 0.55; // levels above this share of what they are made from are interpolated
const LARGEST = 0.4; // face that a tile of a finer level answers for, share of its side

/** A square of a level, and which faces are its own. */
export interface Tile {
  readonly pixels: Pixels;
  /** Level pixels per image pixel. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Corner of the tile in the level. */
  readonly x: number;
  readonly y: number;
  /** The part of the tile, in its pixels, in which a face's centre must lie. */
  readonly own: readonly [number, number, number, number];
  /** Longest side of a face that is its own, tile pixels. */
  readonly largestPx: number;
}

/** A tile's own faces in image pixels. */
export function ownFacesInImage(tile: Tile, found: readonly Found[]): Found[] {
  const [left, top, right, bottom] = tile.own;
  return found.flatMap(({ box, score, points }) => {
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const longer = Math.max(box[2] - box[0], box[3] - box[1]);
    if (x < left || y < top || x >= right || y >= bottom || longer > tile.largestPx) return [];
    const moved = (values: readonly number[]) =>
      values.map((value, index) =>
        index % 2 ? (value + tile.y) / tile.scaleY : (value + tile.x) / tile.scaleX,
      );
    return [{ box: moved(box), score, points: moved(points) }];
  });
}

/**
 * Longer sides of a picture's levels, coarsest first: the first shows all of it in one tile, each
 * further one is at most 2.6 times finer, the last is `finestPx` long.
 */
export function levelSides(longerPx: number, size: number, finestPx: number): number[] {
  const finest = Math.min(finestPx, longerPx);
  if (finest <= size) return [size];
  const steps = Math.ceil(Math.log(finest / size) / Math.log(STEP));
  const ratio = (finest / size) ** (1 / steps);
  const sides = [size];
  for (let step = 1; step <= steps; step++) sides.push(roundHalfEven(size * ratio ** step));
  return sides;
}

/** Cut a picture into the tiles of all its levels. */
export function tilesOf(image: Pixels, size: number, finestPx: number): Tile[] {
  const sides = levelSides(Math.max(image.width, image.height), size, finestPx);
  const levels = levelsOf(image, sides);
  return levels.flatMap((level, index) => {
    const columns = spansOf(level.width, size);
    return spansOf(level.height, size).flatMap(([y, top, bottom]) =>
      columns.map(([x, left, right]): Tile => ({
        pixels: cut(level, x, y, size),
        scaleX: level.width / image.width,
        scaleY: level.height / image.height,
        x,
        y,
        own: [left, top, right, bottom],
        largestPx: sides[index] <= size ? Infinity : LARGEST * size,
      })),
    );
  });
}

/** The picture at each longer side, coarsest first; each is made from the next finer one. */
function levelsOf(image: Pixels, sides: readonly number[]): Pixels[] {
  const levels: Pixels[] = [];
  let level = image;
  for (const side of [...sides].reverse()) {
    const ratio = side / Math.max(image.width, image.height);
    const width = Math.max(1, roundHalfEven(image.width * ratio));
    const height = Math.max(1, roundHalfEven(image.height * ratio));
    if (width !== level.width || height !== level.height) {
      const shrinks = side < INTERPOLATED * Math.max(level.width, level.height);
      level = (shrinks ? resizeArea : resizeLinear)(level, wholeOf(level), width, height);
    }
    levels.unshift(level);
  }
  return levels;
}

/**
 * First pixel of each tile along one axis, and the part between which its own faces lie: neighbours
 * meet in the middle of their overlap; at the edge a face's centre may even lie outside.
 */
function spansOf(length: number, size: number): [number, number, number][] {
  const step = size * (1 - OVERLAP);
  const count = Math.max(1, Math.ceil((length - size) / step) + 1);
  const starts: number[] = [];
  for (let i = 0; i < count; i++) {
    starts.push(count === 1 ? 0 : roundHalfEven((i * (length - size)) / (count - 1)));
  }
  return starts.map((start, i) => [
    start,
    i === 0 ? -Infinity : (starts[i - 1] + size + start) / 2 - start,
    i === count - 1 ? Infinity : (start + size + starts[i + 1]) / 2 - start,
  ]);
}

/** A square of a level, black where the level ends. */
function cut(level: Pixels, x: number, y: number, size: number): Pixels {
  const tile = blackPixels(size, size);
  const width = Math.min(size, level.width - x);
  const height = Math.min(size, level.height - y);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * level.width + x) * 4;
    tile.data.set(level.data.subarray(from, from + width * 4), row * size * 4);
  }
  return tile;
}
