// The square that the network sees, and the way between its pixels and the picture's.

import { InputError } from "../errors.js";

/** Rows of a 2x3 affine matrix: [a, b, c, d, e, f] maps (x, y) to (ax + by + c, dx + ey + f). */
export type Affine = readonly [number, number, number, number, number, number];

const N_LANDMARKS = 68;

/**
 * A square region of a picture, in its pixels.
 *
 * The plane is continuous: pixel 0 covers [0, 1). A crop of `size` pixels maps crop pixel i (centre
 * at the integer) to `x0 + (i + 0.5) * side / size - 0.5`.
 */
export class Roi {
  /**
   * @param x0 Left edge before the turn.
   * @param y0 Top edge before the turn.
   * @param side Side in image pixels.
   * @param rollDeg The square is turned clockwise in the image about its centre by this angle.
   * @throws InputError when a number is not finite or the side is not positive.
   */
  constructor(
    readonly x0: number,
    readonly y0: number,
    readonly side: number,
    readonly rollDeg = 0,
  ) {
    if (![x0, y0, side, rollDeg].every(Number.isFinite)) {
      throw new InputError(`a ROI needs finite numbers, got ${[x0, y0, side, rollDeg].join(", ")}`);
    }
    if (side <= 0) throw new InputError(`a ROI needs a positive side, got ${side}`);
  }

  /**
   * The ROI with these corners, whose sides are equal within 1 % or half a pixel.
   *
   * @throws InputError when they are not four numbers or not square.
   */
  static fromXyxy(xyxy: ArrayLike<number>): Roi {
    if (xyxy.length !== 4) {
      throw new InputError(`a ROI is four numbers x0, y0, x1, y1, got ${xyxy.length}`);
    }
    const [x0, y0, x1, y1] = Array.from(xyxy);
    const width = x1 - x0;
    const height = y1 - y0;
    if (!(Math.abs(width - height) <= Math.max(0.5, 0.01 * Math.abs(width)))) {
      throw new InputError(
        `a ROI is square, got ${width.toFixed(1)} x ${height.toFixed(1)}: pass boxes for a face box`,
      );
    }
    return new Roi(x0, y0, (width + height) / 2);
  }

  /** Corners x0, y0, x1, y1 before the turn. */
  get xyxy(): [number, number, number, number] {
    return [this.x0, this.y0, this.x0 + this.side, this.y0 + this.side];
  }

  /** From crop pixels to image pixels, centres at integers. */
  imageFromCrop(size: number): Affine {
    const scale = this.side / size;
    const angle = (this.rollDeg * Math.PI) / 180;
    const cosine = Math.cos(angle) * scale;
    const sine = Math.sin(angle) * scale;
    const middle = (size - 1) / 2;
    const x = this.x0 + this.side / 2 - 0.5 - (cosine - sine) * middle;
    const y = this.y0 + this.side / 2 - 0.5 - (sine + cosine) * middle;
    return [cosine, -sine, x, sine, cosine, y]; // clockwise when y points down
  }
}

/**
 * The ROI of 68 landmarks by 3DDFA's rule: the square on the longer side of the points' box, with
 * its centre, times sqrt(2).
 *
 * @param landmarks 68 x, y, z in image pixels, centres at integers.
 * @param rollDeg Turn of the square, and of the box in it, clockwise in the image.
 * @throws InputError when the points are not finite, or all the same.
 */
export function roiFromLandmarks(landmarks: ArrayLike<number>, rollDeg = 0): Roi {
  if (landmarks.length !== N_LANDMARKS * 3) {
    throw new InputError(`expected 68 landmarks x, y, z, got ${landmarks.length} numbers`);
  }
  const angle = (rollDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const upright = new Float64Array(landmarks.length); // turned back
  for (let i = 0; i < landmarks.length; i += 3) {
    upright[i] = landmarks[i] * cosine + landmarks[i + 1] * sine;
    upright[i + 1] = landmarks[i + 1] * cosine - landmarks[i] * sine;
  }
  const [x0, y0, x1, y1] = boundsOf(upright);
  const side = Math.max(x1 - x0, y1 - y0) * Math.SQRT2;
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  // + 0.5: from pixel centres to the continuous plane
  const [centreX, centreY] = [x * cosine - y * sine + 0.5, x * sine + y * cosine + 0.5];
  return new Roi(centreX - side / 2, centreY - side / 2, side, rollDeg);
}

/**
 * How far a face leans in the image, degrees, positive clockwise; as detectors measure it.
 *
 * The way from the eyes to the mouth's corners, turned by a right angle, is added to the ways from
 * eye to eye and from corner to corner: in a profile, where those vanish, it alone decides.
 */
export function rollFromLandmarks(landmarks: ArrayLike<number>): number {
  const mean = (first: number, axis: number): number => {
    let sum = 0;
    for (let point = first; point < first + 6; point++) sum += landmarks[point * 3 + axis] / 6;
    return sum;
  };
  const [right, left] = [
    [mean(36, 0), mean(36, 1)],
    [mean(42, 0), mean(42, 1)],
  ];
  const corner = (point: number): number[] => [landmarks[point * 3], landmarks[point * 3 + 1]];
  const [first, second] = [corner(48), corner(54)];
  const across = [0, 1].map((axis) => left[axis] - right[axis] + second[axis] - first[axis]);
  const down = [0, 1].map((axis) => (first[axis] + second[axis] - right[axis] - left[axis]) / 2);
  return (Math.atan2(across[1] - down[0], across[0] + down[1]) * 180) / Math.PI;
}

/** Smallest x, y and largest x, y of points x, y, z. */
export function boundsOf(points: ArrayLike<number>): [number, number, number, number] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    x0 = Math.min(x0, points[i]);
    x1 = Math.max(x1, points[i]);
    y0 = Math.min(y0, points[i + 1]);
    y1 = Math.max(y1, points[i + 1]);
  }
  return [x0, y0, x1, y1];
}

/** Crop points i, j, z as image points x, y and z in the same scale. */
export function imageFromCropPoints(points: Float64Array, roi: Roi, size: number): Float64Array {
  const [a, b, c, d, e, f] = roi.imageFromCrop(size);
  const depth = roi.side / size;
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    out[i] = a * points[i] + b * points[i + 1] + c;
    out[i + 1] = d * points[i] + e * points[i + 1] + f;
    out[i + 2] = points[i + 2] * depth;
  }
  return out;
}
