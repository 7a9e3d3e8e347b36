// The morphable face model: S = mean + modes * coefficients, V = f Pr R S + t.

import { FaceModelError } from "../errors.js";
import type { Roi } from "../imaging/roi.js";
import { readNpz, type NpyArray } from "./npz.js";

export const N_POSE = 12;
export const N_COEFFICIENTS = 50;
export const N_LANDMARKS = 68;

/** Rows of a 3x4 matrix from the model frame. */
export type PoseMatrix = Float64Array;

/** A face model of 40 identity and 10 expression modes, as `frsdk-export facemodel` writes it. */
export class MorphableModel {
  private readonly landmarkBasis: Float32Array;

  private constructor(
    readonly name: string,
    /** Digest of the model's content in float32; what networks refer to. */
    readonly sha256: string,
    /** (51, 3N) row by row: the mean, 40 identity and 10 expression modes. */
    readonly basis: Float32Array,
    readonly landmarkIndices: Int32Array,
    /** (M, 3) corners, counter-clockwise seen from outside. */
    readonly triangles: Int32Array,
    /** Most that rounding the basis moves a vertex, as a share of the face's size. */
    readonly roundingError: number,
  ) {
    const columns = basis.length / (1 + N_COEFFICIENTS);
    this.landmarkBasis = new Float32Array((1 + N_COEFFICIENTS) * N_LANDMARKS * 3);
    for (let row = 0; row <= N_COEFFICIENTS; row++) {
      for (let point = 0; point < N_LANDMARKS; point++) {
        const from = row * columns + landmarkIndices[point] * 3;
        this.landmarkBasis.set(basis.subarray(from, from + 3), (row * N_LANDMARKS + point) * 3);
      }
    }
  }

  /** Number of vertices N. */
  get nVertices(): number {
    return this.basis.length / (1 + N_COEFFICIENTS) / 3;
  }

  /**
   * Read a face model from the bytes of an .npz file.
   *
   * @throws FaceModelError when it is damaged or lacks an array.
   */
  static async fromNpz(file: Uint8Array, source: string): Promise<MorphableModel> {
    const arrays = await readNpz(file, source);
    const take = (name: string): NpyArray => {
      const array = arrays.get(name);
      if (array === undefined) throw new FaceModelError(`${source}: lacks ${name}`);
      return array;
    };
    let basis = arrays.has("modes") ? joined(take("mean"), take("modes")) : take("basis");
    if (arrays.has("basis_step")) {
      basis = stepped(basis, arrays.get("basis_high"), take("basis_step"));
    }
    const landmarks = take("landmark_indices");
    const triangles = take("triangles");
    const rows = 1 + N_COEFFICIENTS;
    const fits = basis.shape.length === 2 && basis.shape[0] === rows && basis.shape[1] % 3 === 0;
    if (!fits || !(basis.data instanceof Float32Array)) {
      throw new FaceModelError(
        `${source}: basis: expected (51, 3 N), got (${basis.shape.join(", ")})`,
      );
    }
    const count = basis.shape[1] / 3;
    for (const [name, array] of [
      ["landmark_indices", landmarks],
      ["triangles", triangles],
    ] as const) {
      const inside = array.data.every((index) => index >= 0 && index < count);
      if (!(array.data instanceof Int32Array) || !inside) {
        throw new FaceModelError(`${source}: ${name}: expected indices of ${count} vertices`);
      }
    }
    if (landmarks.data.length !== N_LANDMARKS) {
      throw new FaceModelError(`${source}: landmark_indices: expected 68`);
    }
    return new MorphableModel(
      take("name").text ?? "",
      arrays.get("sha256")?.text ?? "",
      basis.data,
      landmarks.data as Int32Array,
      triangles.data as Int32Array,
      arrays.get("rounding_error")?.data[0] ?? 0,
    );
  }

  /**
   * Landmarks of one face.
   *
   * @param params 62 de-whitened parameters.
   * @param pose From the model frame to where the points shall be.
   * @returns (68, 3).
   */
  landmarks(params: Float32Array, pose: PoseMatrix): Float64Array {
    return transformed(
      combined(this.landmarkBasis, params),
      pose,
      new Float64Array(N_LANDMARKS * 3),
    );
  }

  /** How a change of the 10 expression coefficients moves the landmarks, (68, 3), model units. */
  landmarkOffsets(change: ArrayLike<number>): Float64Array {
    const offsets = new Float64Array(N_LANDMARKS * 3);
    for (let mode = 0; mode < change.length; mode++) {
      const start = (1 + N_COEFFICIENTS - change.length + mode) * offsets.length;
      for (let i = 0; i < offsets.length; i++) {
        offsets[i] += change[mode] * this.landmarkBasis[start + i];
      }
    }
    return offsets;
  }

  /** Dense surface of one face, (N, 3); arguments as for {@link landmarks}. */
  vertices(params: Float32Array, pose: PoseMatrix): Float32Array {
    return transformed(combined(this.basis, params), pose, new Float32Array(this.nVertices * 3));
  }
}

/** A basis of whole numbers, low 16 bits and what lies above them, times a step for each row. */
function stepped(low: NpyArray, high: NpyArray | undefined, steps: NpyArray): NpyArray {
  const columns = low.shape[1];
  const data = Float32Array.from(
    low.data,
    (value, i) =>
      (value + 65_536 * (high?.data[i] ?? 0)) * steps.data[Math.floor(i / columns)],
  );
  return { shape: low.shape, data };
}

/** The mean and the modes as one array of rows. */
function joined(mean: NpyArray, modes: NpyArray): NpyArray {
  const data = new Float32Array(mean.data.length + modes.data.length);
  data.set(mean.data);
  data.set(modes.data, mean.data.length);
  return { shape: [1 + modes.shape[0], modes.shape[1]], data };
}

/** (3, 4) from the model frame to crop pixels: i right, j down, z toward the camera. */
export function cropPose(params: Float32Array, size: number): PoseMatrix {
  const pose = Float64Array.from(params.subarray(0, N_POSE));
  for (let column = 4; column < 8; column++) pose[column] *= -1;
  pose[7] += size - 1;
  return pose;
}

/** (3, 4) from the model frame to image pixels: x right, y down, z in the same scale. */
export function imagePose(params: Float32Array, roi: Roi, size: number): PoseMatrix {
  const crop = cropPose(params, size);
  const [a, b, c, d, e, f] = roi.imageFromCrop(size);
  const depth = roi.side / size;
  const pose = new Float64Array(N_POSE);
  for (let column = 0; column < 4; column++) {
    const [i, j] = [crop[column], crop[4 + column]];
    pose[column] = a * i + b * j;
    pose[4 + column] = d * i + e * j;
    pose[8 + column] = depth * crop[8 + column];
  }
  pose[3] += c;
  pose[7] += f;
  return pose;
}

/** The mean plus the modes times the coefficients. */
function combined(basis: Float32Array, params: Float32Array): Float32Array {
  const columns = basis.length / (1 + N_COEFFICIENTS);
  const shape = basis.slice(0, columns);
  const row = (mode: number) => basis.subarray((1 + mode) * columns, (2 + mode) * columns);
  // Five modes a pass, so that the shape is read and written a fifth as often.
  for (let mode = 0; mode < N_COEFFICIENTS; mode += 5) {
    const [a, b, c, d, e] = params.subarray(N_POSE + mode, N_POSE + mode + 5);
    const [ofA, ofB, ofC] = [row(mode), row(mode + 1), row(mode + 2)];
    const [ofD, ofE] = [row(mode + 3), row(mode + 4)];
    for (let i = 0; i < columns; i++) {
      shape[i] += a * ofA[i] + b * ofB[i] + c * ofC[i] + d * ofD[i] + e * ofE[i];
    }
  }
  return shape;
}

function transformed<T extends Float32Array | Float64Array>(
  points: Float32Array,
  pose: PoseMatrix,
  out: T,
): T {
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i], points[i + 1], points[i + 2]];
    out[i] = pose[0] * x + pose[1] * y + pose[2] * z + pose[3];
    out[i + 1] = pose[4] * x + pose[5] * y + pose[6] * z + pose[7];
    out[i + 2] = pose[8] * x + pose[9] * y + pose[10] * z + pose[11];
  }
  return out;
}
