// The rotation nearest to a 3x3 matrix, by its singular values.

/** Nine numbers, row by row. */
export type Matrix3 = Float64Array;

/** Nearest proper rotation and mean singular value of a 3x3 matrix (orthogonal Procrustes). */
export function nearestRotation(matrix: Matrix3): { rotation: Matrix3; scale: number } {
  const columns = [0, 1, 2].map((k) => [matrix[k], matrix[3 + k], matrix[6 + k]]); // U S
  const right = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]; // columns of V
  for (let sweep = 0; sweep < 30; sweep++) {
    let turned = false;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      turned = makeOrthogonal(columns, right, p, q) || turned;
    }
    if (!turned) break;
  }
  const singular = columns.map((column) => Math.hypot(...column));
  const order = [0, 1, 2].sort((p, q) => singular[q] - singular[p]);
  const [v1, v2, v3] = order.map((k) => right[k]);
  const u1 = unit(columns[order[0]]);
  const u2 = unit(columns[order[1]]);
  // The third axis follows from the handedness that a rotation has: it is the smallest one's sign.
  const u3 = cross(u1, u2);
  const hand = dot(cross(v1, v2), v3) < 0 ? -1 : 1;
  const rotation = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      rotation[row * 3 + column] =
        u1[row] * v1[column] + u2[row] * v2[column] + hand * u3[row] * v3[column];
    }
  }
  return { rotation, scale: (singular[0] + singular[1] + singular[2]) / 3 };
}

/** One Jacobi step: turn columns p and q until they are orthogonal. False when they are. */
function makeOrthogonal(columns: number[][], right: number[][], p: number, q: number): boolean {
  const [first, second] = [columns[p], columns[q]];
  const across = dot(first, second);
  const [pp, qq] = [dot(first, first), dot(second, second)];
  if (across === 0 || Math.abs(across) <= 1e-15 * Math.sqrt(pp * qq)) return false;
  const zeta = (qq - pp) / (2 * across);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (const pair of [
    [first, second],
    [right[p], right[q]],
  ]) {
    for (let i = 0; i < 3; i++) {
      const [a, b] = [pair[0][i], pair[1][i]];
      pair[0][i] = cosine * a - sine * b;
      pair[1][i] = sine * a + cosine * b;
    }
  }
  return true;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
