// Overlap of boxes and non-maximum suppression.

/** A box x0, y0, x1, y1 with its score. */
export interface Scored {
  readonly box: readonly number[];
  readonly score: number;
}

/**
 * Keep the best box of each group of overlapping ones.
 *
 * @param maxIou A box goes when its intersection over union with a better one is above this.
 * @param maxCover It also goes when the intersection is above this share of the smaller box.
 * @returns The kept ones, best first; of equal scores the first wins.
 */
export function nonMaximumSuppression<T extends Scored>(
  found: readonly T[],
  maxIou: number,
  maxCover: number,
): T[] {
  let waiting = [...found].sort((a, b) => b.score - a.score); // stable
  const kept: T[] = [];
  while (waiting.length) {
    const [best, ...rest] = waiting;
    kept.push(best);
    waiting = rest.filter((each) => {
      const [shared, first, second] = [overlap(best.box, each.box), area(best.box), area(each.box)];
      const union = Math.max(first + second - shared, 1e-12);
      const smaller = Math.max(Math.min(first, second), 1e-12);
      return shared / union <= maxIou && shared / smaller <= maxCover + 1e-9;
    });
  }
  return kept;
}

/** Intersection over union of two boxes. */
export function iou(a: readonly number[], b: readonly number[]): number {
  const shared = overlap(a, b);
  return shared / Math.max(area(a) + area(b) - shared, 1e-9);
}

/** Shared area of two boxes. */
export function overlap(a: readonly number[], b: readonly number[]): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

function area(box: readonly number[]): number {
  return Math.max(box[2] - box[0], 0) * Math.max(box[3] - box[1], 0);
}
