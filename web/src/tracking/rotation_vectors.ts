// Rotations as vectors along their axis, as long as their angle (Rodrigues).

import type { Matrix3 } from "../morphable/nearest_rotation.js";

/** a b, row by row. */
export function product(a: ArrayLike<number>, b: ArrayLike<number>): Matrix3 {
  const out = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      for (let k = 0; k < 3; k++) out[row * 3 + column] += a[row * 3 + k] * b[k * 3 + column];
    }
  }
  return out;
}

/** The matrix with rows and columns exchanged. */
export function transposed(a: ArrayLike<number>): Matrix3 {
  return Float64Array.of(a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]);
}

/** a v. */
export function applied(a: ArrayLike<number>, v: ArrayLike<number>): number[] {
  return [0, 3, 6].map((row) => a[row] * v[0] + a[row + 1] * v[1] + a[row + 2] * v[2]);
}

/** The vector of a rotation; its length is the angle, 0..pi. */
export function vectorFromRotation(r: ArrayLike<number>): [number, number, number] {
  const [x, y, z] = [r[7] - r[5], r[2] - r[6], r[3] - r[1]];
  const sine = Math.hypot(x, y, z) / 2;
  const cosine = (r[0] + r[4] + r[8] - 1) / 2;
  const angle = Math.atan2(sine, cosine);
  if (sine > 1e-9) {
    const scale = angle / (2 * sine);
    return [x * scale, y * scale, z * scale];
  }
  if (cosine > 0) return [x / 2, y / 2, z / 2];
  // Half a turn: the axis from the diagonal, the signs from the largest of its parts.
  const axis = [0, 4, 8].map((k) => Math.sqrt(Math.max((r[k] + 1) / 2, 0)));
  const largest = axis.indexOf(Math.max(...axis));
  const signs = axis.map((_, k) => (r[largest * 3 + k] + r[k * 3 + largest] < 0 ? -1 : 1));
  const [a, b, c] = axis.map((value, k) => value * (k === largest ? 1 : signs[k]) * Math.PI);
  return [a, b, c];
}

/** The rotation of a vector. */
export function rotationFromVector([x, y, z]: readonly number[]): Matrix3 {
  const angle = Math.hypot(x, y, z);
  if (angle < 1e-12) return Float64Array.of(1, -z, y, z, 1, -x, -y, x, 1);
  const [a, b, c] = [x / angle, y / angle, z / angle];
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const rest = 1 - cosine;
  return Float64Array.of(
    cosine + a * a * rest,
    a * b * rest - c * sine,
    a * c * rest + b * sine,
    a * b * rest + c * sine,
    cosine + b * b * rest,
    b * c * rest - a * sine,
    a * c * rest - b * sine,
    b * c * rest + a * sine,
    cosine + c * c * rest,
  );
}
