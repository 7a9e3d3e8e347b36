// Where the network looks: squares from the caller's ROIs, boxes, or a detector's.

import { InputError } from "../errors.js";
import type { Pixels } from "../imaging/pixels.js";
import { Roi } from "../imaging/roi.js";
import {
  DEFAULT_BOX_RULE,
  roiFromBox,
  type Box,
  type BoxRule,
  type Detection,
} from "./detection.js";

const FARTHEST_PX = 1e9; // beyond this, arithmetic on a square loses its pixels
const SMALLEST_SIDE_PX = 8; // of a square: below, its pixels hold no face

/** A face to reconstruct. */
export interface Target {
  readonly roi: Roi;
  readonly score: number;
  readonly box?: Box;
  /** The detector's five points, where it gives them. */
  readonly points?: Detection["points"];
}

/** Targets for exact squares. @throws InputError when one is unusable; its index is named. */
export function targetsFromRois(
  rois: readonly (Roi | ArrayLike<number>)[],
  image: Pixels,
): Target[] {
  return rois.map((item, index) => {
    const name = `rois[${index}]`;
    const roi = item instanceof Roi ? item : Roi.fromXyxy(checkedBox(item, name));
    checkSize(roi, name);
    checkInside(boundsOfRoi(roi), name, image);
    return { roi, score: 1 };
  });
}

/**
 * Targets for face boxes, with their roll as a fifth number or without.
 *
 * @throws InputError when one is unusable; its index is named.
 */
export function targetsFromBoxes(boxes: readonly ArrayLike<number>[], image: Pixels): Target[] {
  return boxes.map((item, index) => {
    const name = `boxes[${index}]`;
    const [corners, roll] = item.length === 5 ? [Array.from(item).slice(0, 4), item[4]] : [item, 0];
    const box = checkedBox(corners, name);
    if (!Number.isFinite(roll)) {
      throw new InputError(`${name}: expected a finite roll in degrees, got ${roll}`);
    }
    checkInside(box, name, image);
    const roi = roiFromBox(box, DEFAULT_BOX_RULE, roll);
    checkSize(roi, name);
    return { roi, score: 1, box };
  });
}

/** Targets for what a detector found, largest first. */
export function targetsFromDetections(found: readonly Detection[], rule: BoxRule): Target[] {
  const targets = found.map(({ box, score, rollDeg, points }) => ({
    roi: roiFromBox(box, rule, rollDeg),
    score,
    box,
    points,
  }));
  return targets.sort((a, b) => b.roi.side - a.roi.side);
}

function checkedBox(item: ArrayLike<number>, name: string): Box {
  const values = Array.from(item);
  const text = `(${values.join(", ")})`;
  if (values.length !== 4 || !values.every(Number.isFinite)) {
    throw new InputError(`${name}: expected 4 finite numbers x0, y0, x1, y1, got ${text}`);
  }
  const [x0, y0, x1, y1] = values;
  if (values.some((value) => Math.abs(value) > FARTHEST_PX)) {
    throw new InputError(`${name}: expected coordinates within 1e9 px, got ${text}`);
  }
  if (x1 <= x0 || y1 <= y0) {
    throw new InputError(
      `${name}: expected x1 > x0 and y1 > y0, got ${text}: give corners x0, y0, x1, y1, not x, y, ` +
        "width, height",
    );
  }
  return [x0, y0, x1, y1];
}

function checkSize(roi: Roi, name: string): void {
  if (roi.side < SMALLEST_SIDE_PX) {
    throw new InputError(
      `${name}: a square of ${roi.side} px shows no face: give squares of at least ` +
        `${SMALLEST_SIDE_PX} px`,
    );
  }
}

function checkInside(box: Box, name: string, image: Pixels): void {
  const [x0, y0, x1, y1] = box;
  if (x1 <= 0 || y1 <= 0 || x0 >= image.width || y0 >= image.height) {
    throw new InputError(
      `${name}: (${box.join(", ")}) lies outside the image of ${image.width} x ${image.height} px: ` +
        "give pixels of this image",
    );
  }
}

/** The box around a square that may be rotated. */
function boundsOfRoi(roi: Roi): Box {
  const angle = (roi.rollDeg * Math.PI) / 180;
  const half = (roi.side / 2) * (Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle)));
  const [x, y] = [roi.x0 + roi.side / 2, roi.y0 + roi.side / 2];
  return [x - half, y - half, x + half, y + half];
}
