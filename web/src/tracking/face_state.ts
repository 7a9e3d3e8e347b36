// A face's parameters taken apart into what moves in its own way, and put together again.

import { Face } from "../face.js";
import type { Roi } from "../imaging/roi.js";
import { boundsOf } from "../imaging/roi.js";
import {
  N_LANDMARKS,
  N_POSE,
  imagePose,
  type MorphableModel,
} from "../morphable/morphable_model.js";
import { nearestRotation, type Matrix3 } from "../morphable/nearest_rotation.js";
import { applied, product, transposed } from "./rotation_vectors.js";

export const N_SHAPE = 40;

/** A face in the image: V = s R (I + E) (S - c) + p, y up. */
export interface FaceState {
  /** p, where the middle c of the mean landmarks lies, image pixels, y up. */
  readonly place: readonly number[];
  /** log of s, pixels per unit of the face model. */
  readonly logScale: number;
  /** R. */
  readonly rotation: Matrix3;
  /** E, symmetric: what is left of the network's 3x3 block. */
  readonly stretch: Matrix3;
  readonly shape: Float64Array;
  readonly expression: Float64Array;
}

/** The middle of the mean landmarks in the model frame, and the size of their frontal box. */
export function landmarkMiddle(model: MorphableModel): { middle: number[]; size: number } {
  const points = model.landmarks(
    new Float32Array(N_POSE + 50),
    Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
  );
  const middle = [0, 0, 0];
  points.forEach((value, i) => (middle[i % 3] += value / N_LANDMARKS));
  const [x0, y0, x1, y1] = boundsOf(points);
  return { middle, size: Math.sqrt((x1 - x0) * (y1 - y0)) };
}

/** Take a face apart. */
export function stateOf(face: Face, middle: readonly number[]): FaceState {
  const pose = imagePose(face.params, face.roi, face.cropSize); // y down
  for (let column = 4; column < 8; column++) pose[column] *= -1;
  const linear = Float64Array.of(...[0, 1, 2, 4, 5, 6, 8, 9, 10].map((i) => pose[i]));
  const { rotation, scale } = nearestRotation(linear);
  // The symmetric factor of the polar form: R^T A = s (I + E).
  const stretch = product(transposed(rotation), linear).map((value) => value / scale);
  for (const diagonal of [0, 4, 8]) stretch[diagonal] -= 1;
  const params = Float64Array.from(face.params);
  const centre = applied(linear, middle);
  return {
    place: centre.map((value, i) => value + pose[4 * i + 3]),
    logScale: Math.log(scale),
    rotation,
    stretch,
    shape: params.subarray(N_POSE, N_POSE + N_SHAPE),
    expression: params.subarray(N_POSE + N_SHAPE),
  };
}

/** Put a face together in the crop frame of another one, whose score and presence it has. */
export function faceOf(state: FaceState, middle: readonly number[], like: Face): Face {
  const growth = Float64Array.from(state.stretch);
  for (const diagonal of [0, 4, 8]) growth[diagonal] += 1;
  const scale = Math.exp(state.logScale);
  const linear = product(state.rotation, growth).map((value) => value * scale);
  const centre = applied(linear, middle);
  const offset = state.place.map((value, i) => value - centre[i]);
  const params = new Float32Array(like.params.length);
  params.set(cropPoseOf(linear, offset, like.roi, like.cropSize));
  params.set(state.shape, N_POSE);
  params.set(state.expression, N_POSE + N_SHAPE);
  return new Face({
    params,
    roi: like.roi,
    score: like.score,
    faceModel: like.faceModel,
    cropSize: like.cropSize,
    presence: like.presence,
  });
}

/** (3, 4) parameters in the crop's y-up frame of a pose in the image, y up. */
function cropPoseOf(
  linear: Matrix3,
  offset: readonly number[],
  roi: Roi,
  size: number,
): Float64Array {
  const [a, b, c, d, e, f] = roi.imageFromCrop(size);
  const depth = roi.side / size;
  const pose = new Float64Array(N_POSE);
  for (let column = 0; column < 4; column++) {
    const value = (row: number) => (column < 3 ? linear[row * 3 + column] : offset[row]);
    const x = value(0) - (column === 3 ? c : 0);
    const y = -value(1) - (column === 3 ? f : 0);
    // A similarity: its inverse is its transpose over the squared scale.
    pose[column] = (a * x + d * y) / depth ** 2;
    pose[4 + column] = -(b * x + e * y) / depth ** 2;
    pose[8 + column] = value(2) / depth;
  }
  pose[7] += size - 1;
  return pose;
}
