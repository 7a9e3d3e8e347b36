// How well a detector's five points and 68 landmarks agree.

const MOST_SHARE = 0.2; // of the square's side: of right faces none is above 0.17
const MOST_PX = 2; // small faces have points that are a pixel or two off

/**
 * Whether the landmarks cannot be those of the face that a detector saw: its five points are off by
 * more than a fifth of the square and two pixels, in the mean.
 *
 * @param landmarks 68 x, y, z in image pixels.
 * @param points Five points x, y; without any nothing is contradicted.
 * @param sidePx Side of the square that the network saw.
 */
export function landmarksContradict(
  landmarks: ArrayLike<number>,
  points: readonly (readonly [number, number])[],
  sidePx: number,
): boolean {
  if (points.length !== 5) return false;
  const own = fivePoints(landmarks);
  const distance = points.reduce(
    (sum, [x, y], i) => sum + Math.hypot(own[2 * i] - x, own[2 * i + 1] - y) / 5,
    0,
  );
  return !(distance <= MOST_SHARE * sidePx + MOST_PX);
}

/**
 * x, y of right eye, left eye (means of their six points), nose tip, right and left mouth corner.
 *
 * @param landmarks 68 x, y, z in iBUG's order.
 */
export function fivePoints(landmarks: ArrayLike<number>): number[] {
  const mean = (first: number): number[] => {
    const sum = [0, 0];
    for (let point = first; point < first + 6; point++) {
      sum[0] += landmarks[point * 3] / 6;
      sum[1] += landmarks[point * 3 + 1] / 6;
    }
    return sum;
  };
  const at = (point: number): number[] => [landmarks[point * 3], landmarks[point * 3 + 1]];
  return [...mean(36), ...mean(42), ...at(30), ...at(48), ...at(54)];
}
