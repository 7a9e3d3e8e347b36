// What is known of a person in a stream, and which face is whose.

import { iou } from "../detectors/non_maximum_suppression.js";
import type { Face } from "../face.js";
import { boundsOf, type Roi } from "../imaging/roi.js";
import { N_POSE } from "../morphable/morphable_model.js";
import type { FaceSmoother } from "./face_smoother.js";
import { N_SHAPE } from "./face_state.js";
import { norm } from "./one_euro.js";

export const SAME_IOU = 0.5; // of the landmarks' boxes: more overlap than this is one face
const FARTHEST = 0.8; // of the face's size, between where a face should be and where one is
const MOST_GROWTH = Math.log(1.6);
const OTHER_SHAPE = 1; // distance of shape coefficients between two people seconds apart
const MOST_SHAPE = 1.5; // in poor light coefficients shake too much to tell people apart
const FOLLOW = 0.5; // share of a new velocity
const FORGET = 0.2; // share of a new shape
const LONGEST_COAST_S = 0.5; // how long a lost face is taken to go on as it went

/** A person: the id, the last face, how it moves, and where the network looks next. */
export class Track {
  /** When the face was last seen. */
  seenS: number;
  /** When it was first missed. */
  lostS = Infinity;
  private velocity = [0, 0];
  private shape: number[];

  constructor(
    readonly id: number,
    readonly firstS: number,
    public face: Face,
    public nextRoi: Roi,
    readonly smoother: FaceSmoother | null,
  ) {
    this.seenS = firstS;
    this.shape = shapeOf(face);
  }

  /** The person's face in the next frame. */
  take(face: Face, nextRoi: Roi, timeS: number): void {
    const [here, before] = [middleOf(face), middleOf(this.face)];
    const dtS = timeS - this.seenS;
    this.velocity = this.velocity.map(
      (value, axis) => value + FOLLOW * ((here[axis] - before[axis]) / dtS - value),
    );
    const shape = shapeOf(face);
    this.shape = this.shape.map((value, i) => value + FORGET * (shape[i] - value));
    this.face = face;
    this.nextRoi = nextRoi;
    this.seenS = timeS;
  }

  /** The person's face after a gap: how it moved before means nothing now. */
  takeBack(face: Face, nextRoi: Roi, timeS: number): void {
    this.velocity = [0, 0];
    this.face = face;
    this.nextRoi = nextRoi;
    this.seenS = timeS;
    this.lostS = Infinity;
    this.smoother?.restart();
  }

  /**
   * How ill a face fits the person: by place, size and shape, in units of what is too much; infinite
   * where place or size alone rule it out.
   */
  mismatch(face: Face, timeS: number): number {
    const size = sizeOf(this.face);
    const coastS = Math.min(timeS - this.seenS, LONGEST_COAST_S);
    const [here, before] = [middleOf(face), middleOf(this.face)];
    const away = here.map((value, axis) => value - before[axis]);
    // It may have gone on, or have stopped.
    const gone = norm(away.map((value, axis) => value - this.velocity[axis] * coastS));
    const distance = Math.min(norm(away), gone) / (size * FARTHEST);
    const growth = Math.abs(Math.log(sizeOf(face) / size)) / MOST_GROWTH;
    if (distance > 1 || growth > 1) return Infinity;
    const shape = shapeOf(face);
    const other = norm(this.shape.map((value, i) => shape[i] - value)) / OTHER_SHAPE;
    return Math.min(gone / (size * FARTHEST), 2) + growth + Math.min(other, MOST_SHAPE);
  }
}

/** Where two people seem to have one face, the one whom it fits better keeps it. */
export function keptByOwner(found: readonly [Track, Face][], timeS: number): [Track, Face][] {
  if (found.length < 2) return [...found];
  const kept: [Track, Face][] = [];
  const rated = found.map((pair) => ({ pair, mismatch: pair[0].mismatch(pair[1], timeS) }));
  const byFit = (a: { mismatch: number }, b: { mismatch: number }) =>
    a.mismatch === b.mismatch ? 0 : a.mismatch - b.mismatch; // Infinity - Infinity is no number
  for (const { pair } of rated.sort(byFit)) {
    if (!kept.some(([, other]) => overlap(pair[1], other) >= SAME_IOU)) kept.push(pair);
  }
  return kept;
}

/** Of the people lost, the one whom a face fits best. */
export function bestOwner(lost: readonly Track[], face: Face, timeS: number): Track | undefined {
  return lost
    .map((track) => ({ track, mismatch: track.mismatch(face, timeS) }))
    .filter(({ mismatch }) => mismatch < Infinity)
    .sort((a, b) => a.mismatch - b.mismatch || a.track.id - b.track.id)[0]?.track;
}

/** Intersection over union of the boxes of two faces' landmarks. */
export function overlap(first: Face, second: Face): number {
  return iou(boundsOf(first.landmarks), boundsOf(second.landmarks));
}

function shapeOf(face: Face): number[] {
  return Array.from(face.params.subarray(N_POSE, N_POSE + N_SHAPE));
}

function middleOf(face: Face): [number, number] {
  let [x, y] = [0, 0];
  for (let i = 0; i < face.landmarks.length; i += 3) {
    x += face.landmarks[i];
    y += face.landmarks[i + 1];
  }
  return [(x * 3) / face.landmarks.length, (y * 3) / face.landmarks.length];
}

function sizeOf(face: Face): number {
  const [x0, y0, x1, y1] = boundsOf(face.landmarks);
  return Math.max(Math.sqrt((x1 - x0) * (y1 - y0)), 1e-3);
}
