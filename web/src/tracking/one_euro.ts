// The One Euro filter (Casiez et al., CHI 2012), with one speed for all that it is given.

/**
 * Share of a new value that a low-pass filter of first order takes (their equation 6).
 *
 * @param cutoffHz 0 holds the old value.
 * @param dtS Since the last value, positive.
 */
export function gain(cutoffHz: number, dtS: number): number {
  const rate = 2 * Math.PI * cutoffHz * dtS;
  return rate / (1 + rate);
}

/** How much of each new value is taken: little while nothing moves, most of it in motion. */
export class AdaptiveGain {
  private velocity: number[] | undefined;
  private count = 0;

  /**
   * @param minCutoffHz Cutoff frequency at rest.
   * @param beta What a speed of one unit a second adds to it, Hz.
   * @param derivativeCutoffHz Of the filter of the velocity, whose norm is the speed.
   */
  constructor(
    private readonly minCutoffHz: number,
    private readonly beta: number,
    private readonly derivativeCutoffHz: number,
  ) {}

  /**
   * The gain for a new value.
   *
   * @param step How far it lies from the last one; its norm over time is the speed.
   * @param dtS Since the last one.
   */
  next(step: readonly number[], dtS: number): number {
    this.count++;
    const share = gain(this.derivativeCutoffHz, dtS);
    const before = this.velocity ?? step.map(() => 0);
    this.velocity = step.map((value, i) => before[i] + share * (value / dtS - before[i]));
    const speed = Math.hypot(...this.velocity);
    // The mean of few values is better than the first one: 1 / n until the filter takes more.
    return Math.max(gain(this.minCutoffHz + this.beta * speed, dtS), 1 / (1 + this.count));
  }
}
