// One face in one frame of a stream.

import type { Box } from "../detectors/detection.js";
import type { Face } from "../face.js";
import type { Roi } from "../imaging/roi.js";
import type { Pose } from "../morphable/head_pose.js";

/** A face with an identity through time; what a {@link Face} has, smoothed. */
export class TrackedFace {
  /**
   * @param id Number of the person in this stream, from 0; none is used for two people.
   * @param ageS Seconds since the person was first seen.
   * @param presence How surely a face is where the landmarks are, 0..1.
   * @param smooth The smoothed face; `landmarks`, `pose`, `vertices` and the rest are its own.
   * @param raw What the network says of this frame alone.
   */
  constructor(
    readonly id: number,
    readonly ageS: number,
    readonly presence: number,
    readonly smooth: Face,
    readonly raw: Face,
  ) {}

  /** (68, 3) image pixels, iBUG's order. */
  get landmarks(): Float32Array {
    return this.smooth.landmarks;
  }

  get pose(): Pose {
    return this.smooth.pose;
  }

  /** (N, 3) dense surface in image pixels, decoded when first asked for. */
  get vertices(): Float32Array {
    return this.smooth.vertices;
  }

  /** (M, 3) corners of the surface. */
  get triangles(): Int32Array {
    return this.smooth.triangles;
  }

  /** (62,) in the frame of the crop that `roi` says. */
  get params(): Float32Array {
    return this.smooth.params;
  }

  /** Box of the landmarks. */
  get box(): Box {
    return this.smooth.box;
  }

  /** The square that the network saw in this frame. */
  get roi(): Roi {
    return this.smooth.roi;
  }

  /** The detector's score when the face was last detected, 0..1. */
  get score(): number {
    return this.smooth.score;
  }

  /** Everything but the dense surface, with the names of Python's `TrackedFace.to_dict()`. */
  toJSON(): Record<string, unknown> {
    return { id: this.id, age_s: this.ageS, presence: this.presence, ...this.smooth.toJSON() };
  }
}
