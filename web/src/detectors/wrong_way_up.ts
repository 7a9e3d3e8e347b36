// Faces found in something that is upside down or on its side are told from right ones.

import { cropFace } from "../imaging/face_crop.js";
import { blackPixels, type Pixels } from "../imaging/pixels.js";
import { Roi } from "../imaging/roi.js";
import { rollOfPoints, type Found } from "./detector_outputs.js";
import type { Look } from "./doubtful_faces.js";

const LEAST_SCORE = 0.05; // of what is listened to in the turned views
const TILE_SHARE = 0.4; // longer side of the face's box in its quarter
const MOST_OFFSET = 0.15; // of the quarter
const SIZE_RANGE = [0.55, 1.7]; // of that box
const QUARTERS = [0, 1, 2, 3];

/**
 * The faces that look more like one as they were found than turned by 90, 180 or 270 degrees.
 *
 * A face on its head resembles an upright one (the chin a forehead, the mouth a frown). Each face
 * that is not sure is therefore looked at once more in four quarters of one square: as found, and
 * turned by each right angle.
 *
 * @param scores Below the first a face is not sure; it needs the second in its own quarter.
 */
export async function rightWayUp(
  image: Pixels,
  found: readonly Found[],
  size: number,
  look: Look,
  [checkedBelow, leastOwn]: readonly [number, number],
): Promise<Found[]> {
  const unsure = found.filter(({ score }) => score < checkedBelow);
  if (!unsure.length) return [...found];
  const seen = await look(
    unsure.map((face) => fourViews(image, face, size)),
    LEAST_SCORE,
  );
  const wrong = unsure.filter((_, index) => {
    const [own, ...others] = scoresOfQuarters(seen[index], size);
    return own < Math.max(leastOwn, ...others);
  });
  return found.filter((face) => !wrong.includes(face));
}

/** The face upright as it was found, then turned by right angles, as one square. */
function fourViews(image: Pixels, { box, points }: Found, size: number): Pixels {
  const quarter = Math.floor(size / 2);
  const side = Math.max(box[2] - box[0], box[3] - box[1]) / TILE_SHARE;
  const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const roll = rollOfPoints(points);
  const views = blackPixels(size, size);
  for (const k of QUARTERS) {
    const view = cropFace(image, new Roi(x - side / 2, y - side / 2, side, roll + 90 * k), quarter);
    const [left, top] = cornerOf(k, quarter);
    for (let row = 0; row < quarter; row++) {
      const line = view.data.subarray(row * quarter * 4, (row + 1) * quarter * 4);
      views.data.set(line, ((top + row) * size + left) * 4);
    }
  }
  return views;
}

/** Best score of a face of the right size in the middle of each quarter; 0 without one. */
function scoresOfQuarters(seen: readonly Found[], size: number): number[] {
  const quarter = Math.floor(size / 2);
  const [low, high] = SIZE_RANGE.map((factor) => factor * TILE_SHARE * quarter);
  return QUARTERS.map((k) => {
    const [x, y] = cornerOf(k, quarter).map((corner) => corner + quarter / 2);
    return seen.reduce((most, { box, score }) => {
      const longer = Math.max(box[2] - box[0], box[3] - box[1]);
      const off = Math.max(
        Math.abs((box[0] + box[2]) / 2 - x),
        Math.abs((box[1] + box[3]) / 2 - y),
      );
      const fits = longer > low && longer < high && off < MOST_OFFSET * quarter;
      return fits ? Math.max(most, score) : most;
    }, 0);
  });
}

function cornerOf(k: number, quarter: number): [number, number] {
  return [quarter * (k % 2), quarter * Math.floor(k / 2)];
}
