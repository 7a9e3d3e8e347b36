// What is known of a person in a stream.

import { iou } from "../detectors/non_maximum_suppression.js";
import type { Face } from "../face.js";
import { boundsOf, type Roi } from "../imaging/roi.js";
import type { FaceSmoother } from "./face_smoother.js";

const SAME_IOU = 0.3;
const FARTHEST = 0.6; // of the square's side, between where a face went and where it comes back
const MOST_GROWTH = 1.5;

/** A person: the id, the last face, and where the network looks next. */
export class Track {
  /** When the face was last seen. */
  seenS: number;

  constructor(
    readonly id: number,
    readonly firstS: number,
    public face: Face,
    public nextRoi: Roi,
    readonly smoother: FaceSmoother | null,
  ) {
    this.seenS = firstS;
  }

  /** The person's face in another frame. */
  take(face: Face, nextRoi: Roi, timeS: number): void {
    this.face = face;
    this.nextRoi = nextRoi;
    this.seenS = timeS;
  }

  /** Whether a face is at the place, and of the size, where the person was lost. */
  mayBe(face: Face): boolean {
    const [here, there] = [this.nextRoi, face.roi];
    const larger = Math.max(here.side, there.side);
    const half = (here.side - there.side) / 2;
    const apart = Math.hypot(here.x0 - there.x0 + half, here.y0 - there.y0 + half);
    const alike = larger <= MOST_GROWTH * Math.min(here.side, there.side);
    return alike && apart <= FARTHEST * larger;
  }
}

/** Whether two results show one face of the frame. */
export function sameFace(first: Face, second: Face): boolean {
  return iou(boundsOf(first.landmarks), boundsOf(second.landmarks)) >= SAME_IOU;
}
