// What a face detector gives, and how its boxes become network crops.

import { Roi } from "../imaging/roi.js";

/** x0, y0, x1, y1 in image pixels, on the plane where pixel 0 covers [0, 1). */
export type Box = readonly [number, number, number, number];

/** A face that a detector found. */
export interface Detection {
  readonly box: Box;
  /** 0..1, higher is surer. */
  readonly score: number;
  /** Roll of the face, positive clockwise in the image. */
  readonly rollDeg: number;
  /** The person's right eye, left eye, nose tip, right and left mouth corner, image pixels. */
  readonly points: readonly (readonly [number, number])[];
}

/**
 * How the network's square follows from a detector's box: with m the longer side of the box, the
 * square's side is scale * m and its centre the box's centre + (shiftX, shiftY) * m.
 */
export interface BoxRule {
  readonly scale: number;
  readonly shiftX: number;
  readonly shiftY: number;
}

/** For boxes from the middle of the forehead to the chin, as common detectors draw them. */
export const DEFAULT_BOX_RULE: BoxRule = { scale: 1.12, shiftX: 0, shiftY: 0.117 };

/** The network's square for a detector's box. */
export function roiFromBox(box: Box, rule: BoxRule = DEFAULT_BOX_RULE, rollDeg = 0): Roi {
  const [x0, y0, x1, y1] = box;
  const longer = Math.max(x1 - x0, y1 - y0);
  // The shift is stated in the face's own frame, which roll turns about the box's centre.
  const angle = (rollDeg * Math.PI) / 180;
  const shiftX = rule.shiftX * Math.cos(angle) - rule.shiftY * Math.sin(angle);
  const shiftY = rule.shiftX * Math.sin(angle) + rule.shiftY * Math.cos(angle);
  const side = rule.scale * longer;
  return new Roi(
    (x0 + x1) / 2 + shiftX * longer - side / 2,
    (y0 + y1) / 2 + shiftY * longer - side / 2,
    side,
    rollDeg,
  );
}
