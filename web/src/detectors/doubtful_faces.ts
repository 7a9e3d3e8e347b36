// Doubtful faces are looked at again, alone and at a size that the network knows well.

import { cropFace } from "../imaging/face_crop.js";
import type { Pixels } from "../imaging/pixels.js";
import { Roi } from "../imaging/roi.js";
import type { Found } from "./detector_outputs.js";
import { iou } from "./non_maximum_suppression.js";

const SEEN_PX = 64; // longer side of the face's box in its own square
const LEAST_SCORE = 0.05;
const SAME_IOU = 0.4;

/** Squares -> what the network finds in each, down to a score. */
export type Look = (squares: readonly Pixels[], minScore: number) => Promise<Found[][]>;

/**
 * The faces with the doubtful ones' scores averaged with those of a second look.
 *
 * @param scores Faces from the first up to the second are doubtful.
 */
export async function lookedAgain(
  image: Pixels,
  found: readonly Found[],
  size: number,
  look: Look,
  [doubtfulFrom, sureFrom]: readonly [number, number],
): Promise<Found[]> {
  const doubtful = found.filter(({ score }) => score >= doubtfulFrom && score < sureFrom);
  if (!doubtful.length) return [...found];
  const squares = doubtful.map(({ box }) => squareAround(box, size));
  const views = squares.map((square) => cropFace(image, square, size));
  const seen = await look(views, LEAST_SCORE);
  const again = new Map(
    doubtful.map((face, index) => {
      const { x0, y0, side } = squares[index];
      const same = seen[index].filter((other) => {
        const box = other.box.map((value, i) => value * (side / size) + (i % 2 ? y0 : x0));
        return iou(box, face.box) >= SAME_IOU;
      });
      const best = same.reduce((most, { score }) => Math.max(most, score), 0);
      return [face, (face.score + best) / 2] as const;
    }),
  );
  return found.map((face) => ({ ...face, score: again.get(face) ?? face.score }));
}

/** The square in which a box appears at its size, centred. */
function squareAround(box: readonly number[], size: number): Roi {
  const side = (Math.max(box[2] - box[0], box[3] - box[1]) * size) / SEEN_PX;
  return new Roi((box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2, side);
}
