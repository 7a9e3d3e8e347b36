// Head pose from the first twelve parameters.

import { imageFromCropPoints, type Roi } from "../imaging/roi.js";
import { nearestRotation, type Matrix3 } from "./nearest_rotation.js";

const POLE = 1e-9; // cosine of a pitch that counts as ±90°

/**
 * Head pose in the picture.
 *
 * The rotation is `Ry(yaw) Rx(-pitch) Rz(-roll)` in a right-handed frame: x right, y up, z toward
 * the camera. The heading comes first; the angles cease to be unique at a pitch of ±90° only.
 */
export interface Pose {
  /** -180..180, positive when the face turns to the image's right. */
  readonly yawDeg: number;
  /** -90..90, positive when it looks up. */
  readonly pitchDeg: number;
  /** -180..180, positive when it leans clockwise in the image. */
  readonly rollDeg: number;
  /** Image pixels per unit of the face model. */
  readonly scale: number;
  /** Image position of the model's origin: x right, y down, z, in pixels. */
  readonly translation: readonly [number, number, number];
  /** (3, 3) row by row, from the model frame to the y-up image frame. */
  readonly rotation: Matrix3;
  /** Unit vector in which the face looks: x right, y down, z toward the camera. */
  readonly direction: readonly [number, number, number];
  /**
   * (4, 4) row by row, from the model frame to the image with y up: rotation, scale and translation.
   */
  readonly matrix: Float64Array;
  /** The rotation as a unit quaternion: scalar w >= 0 first, then x, y, z. */
  readonly quaternionWxyz: readonly [number, number, number, number];
}

/** Yaw, pitch and roll in degrees of a rotation, see {@link Pose}. */
export function anglesFromRotation(rotation: Matrix3): [number, number, number] {
  const cosine = Math.hypot(rotation[2], rotation[8]); // of pitch
  const pitch = Math.atan2(rotation[5], cosine);
  if (cosine < POLE) return [degrees(Math.atan2(-rotation[6], rotation[0])), degrees(pitch), 0];
  return [
    degrees(Math.atan2(rotation[2], rotation[8])),
    degrees(pitch),
    degrees(Math.atan2(-rotation[3], rotation[4])),
  ];
}

/** The rotation of three angles, see {@link Pose}. */
export function rotationFromAngles(yawDeg: number, pitchDeg: number, rollDeg: number): Matrix3 {
  const [yaw, pitch, roll] = [yawDeg, -pitchDeg, -rollDeg].map((angle) => (angle * Math.PI) / 180);
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  return Float64Array.of(
    cy * cr + sy * sp * sr,
    -cy * sr + sy * sp * cr,
    sy * cp,
    cp * sr,
    cp * cr,
    -sp,
    -sy * cr + cy * sp * sr,
    sy * sr + cy * sp * cr,
    cy * cp,
  );
}

/**
 * The pose in the picture. The network's 3x3 block need not be an exact scaled rotation: the
 * nearest one is taken.
 *
 * @param params 62 de-whitened parameters, crop frame.
 * @param roi Where the crop was cut.
 * @param size Pixels of a side of the crop.
 */
export function poseFromParams(params: Float32Array, roi: Roi, size: number): Pose {
  const block = Float64Array.of(
    params[0],
    params[1],
    params[2],
    params[4],
    params[5],
    params[6],
    params[8],
    params[9],
    params[10],
  );
  const { rotation: upright, scale } = nearestRotation(block);
  const angle = (-roi.rollDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const rotation = Float64Array.from(upright);
  for (let column = 0; column < 3; column++) {
    rotation[column] = cosine * upright[column] - sine * upright[3 + column];
    rotation[3 + column] = sine * upright[column] + cosine * upright[3 + column];
  }
  const origin = Float64Array.of(params[3], size - 1 - params[7], params[11]);
  const [x, y, z] = imageFromCropPoints(origin, roi, size);
  const [yawDeg, pitchDeg, rollDeg] = anglesFromRotation(rotation);
  const pixels = (scale * roi.side) / size;
  const r = rotation;
  return {
    yawDeg,
    pitchDeg,
    rollDeg,
    scale: pixels,
    translation: [x, y, z],
    rotation,
    direction: [r[2], -r[5], r[8]],
    matrix: Float64Array.of(
      pixels * r[0],
      pixels * r[1],
      pixels * r[2],
      x,
      pixels * r[3],
      pixels * r[4],
      pixels * r[5],
      -y,
      pixels * r[6],
      pixels * r[7],
      pixels * r[8],
      z,
      0,
      0,
      0,
      1,
    ),
    quaternionWxyz: quaternionFromRotation(r),
  };
}

/**
 * Unit quaternion w, x, y, z of a rotation, w >= 0. The largest of the four is taken from the
 * diagonal, so that none is divided by a small number (Shepperd, 1978).
 */
export function quaternionFromRotation(rotation: Matrix3): [number, number, number, number] {
  const [a, b, c, d, e, f, g, h, i] = rotation;
  // Row k is 4 q_k (w, x, y, z): any one, divided by its length, is the quaternion.
  const rows = [
    [1 + a + e + i, h - f, c - g, d - b],
    [h - f, 1 + a - e - i, b + d, c + g],
    [c - g, b + d, 1 - a + e - i, f + h],
    [d - b, c + g, f + h, 1 - a - e + i],
  ];
  const diagonal = rows.map((row, k) => row[k]);
  const row = rows[diagonal.indexOf(Math.max(...diagonal))];
  const length = Math.hypot(...row) * (row[0] < 0 ? -1 : 1);
  return [row[0] / length, row[1] / length, row[2] / length, row[3] / length];
}

function degrees(angle: number): number {
  return (angle * 180) / Math.PI;
}
