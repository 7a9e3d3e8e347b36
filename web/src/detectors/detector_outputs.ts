// What a detector's cells say, as boxes, scores and points.

import type { DetectorSpec } from "../specs/model_spec.js";

const MOST_LOG_SIZE = 5; // of a stride: e^5 x 32 px is far above the input's side
const N_VALUES = 15;

/** A face on a picture's continuous plane. */
export interface Found {
  /** x0, y0, x1, y1. */
  readonly box: readonly number[];
  readonly score: number;
  /** Five points x, y: right eye, left eye, nose tip, right and left mouth corner. */
  readonly points: readonly number[];
}

/** Reads a detector's output: cells row by row, one stride after the other. */
export class CellDecoder {
  private readonly centreX: number[] = [];
  private readonly centreY: number[] = [];
  private readonly stride: number[] = [];

  constructor(spec: DetectorSpec) {
    for (const stride of spec.strides) {
      const cells = Math.floor(spec.input.size / stride);
      for (let cell = 0; cell < cells * cells; cell++) {
        this.centreX.push(((cell % cells) + 0.5) * stride);
        this.centreY.push((Math.floor(cell / cells) + 0.5) * stride);
        this.stride.push(stride);
      }
    }
  }

  /** Numbers that the network gives for one input. */
  get length(): number {
    return N_VALUES * this.stride.length;
  }

  /**
   * The faces of one input of the network, before non-maximum suppression.
   *
   * @param output (15, cells).
   * @param minScore Leave out cells below this score.
   */
  decode(output: Float32Array, minScore: number): Found[] {
    const cells = this.stride.length;
    const share = Math.min(Math.max(minScore, 1e-12), 1 - 1e-12);
    const least = minScore > 0 ? Math.log(share / (1 - share)) : -Infinity;
    const found: Found[] = [];
    for (let cell = 0; cell < cells; cell++) {
      if (!(output[cell] >= least)) continue;
      const value = (index: number) => output[index * cells + cell];
      const stride = this.stride[cell];
      const x = this.centreX[cell] + value(1) * stride;
      const y = this.centreY[cell] + value(2) * stride;
      const halfX = (Math.exp(Math.min(value(3), MOST_LOG_SIZE)) * stride) / 2;
      const halfY = (Math.exp(Math.min(value(4), MOST_LOG_SIZE)) * stride) / 2;
      const points: number[] = [];
      for (let index = 5; index < N_VALUES; index += 2) {
        points.push(value(index) * stride + this.centreX[cell]);
        points.push(value(index + 1) * stride + this.centreY[cell]);
      }
      found.push({
        box: [x - halfX, y - halfY, x + halfX, y + halfY],
        score: 1 / (1 + Math.exp(-output[cell])),
        points,
      });
    }
    return found;
  }
}

/**
 * Roll of a face from its five points, degrees, positive clockwise in the image.
 *
 * The way from eyes to mouth, turned by a right angle, is added to the ways from eye to eye and
 * from mouth corner to mouth corner: in a profile, where those vanish, it alone decides.
 */
export function rollOfPoints(points: readonly number[]): number {
  const [rx, ry, lx, ly, , , mx, my, nx, ny] = points;
  const downX = (mx + nx - rx - lx) / 2;
  const downY = (my + ny - ry - ly) / 2;
  const acrossX = lx - rx + nx - mx + downY;
  const acrossY = ly - ry + ny - my - downX;
  return (Math.atan2(acrossY, acrossX) * 180) / Math.PI;
}
