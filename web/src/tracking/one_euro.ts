// The One Euro filter's gain (Casiez et al., CHI 2012), from one speed for all that moves together.
//
// Three things are added to the paper's. A speed is held for a while, because something that swings
// stands still for a moment at either end. Speeds that noise alone explains count little: the knee
// follows the noise that is seen. And of the first values the mean is taken.

const NOISE_CUTOFF_HZ = 0.5;
const LEAD_KNEE = 0.6; // of the noise's speed: above it, motion is predicted

type Vector = ArrayLike<number>;

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

/** What to take of a new value. */
export interface Gains {
  /** Share of the new value, 0..1. */
  readonly value: number;
  /** The same without the averaging of the first values. */
  readonly settled: number;
  /** Share of the motion so far to go on with, 0..1. */
  readonly lead: number;
}

/** Constants of an {@link AdaptiveGain}. */
export interface GainSettings {
  /** Cutoff frequency at rest. */
  readonly minCutoffHz: number;
  /** What a speed of one unit a second adds to it, Hz. */
  readonly beta: number;
  /** Of the filter of the velocity, whose norm is the speed. */
  readonly speedCutoffHz: number;
  /** Time in which a speed that is gone falls to 1/e. */
  readonly holdS: number;
  /** Times the noise's own speed: speeds below it count little. */
  readonly noiseKnee: number;
}

/** How much of each new value is taken: little while nothing moves, most of it in motion. */
export class AdaptiveGain {
  private velocity: number[] | undefined;
  private last: number[] | undefined;
  private speed = 0;
  private noise = 0;
  private count = 0;

  constructor(private readonly settings: GainSettings) {}

  /**
   * The gains for a new value.
   *
   * @param step How far it lies from the last one.
   * @param dtS Since the last one, positive.
   */
  next(step: Vector, dtS: number): Gains {
    const { minCutoffHz, beta, speedCutoffHz, holdS, noiseKnee } = this.settings;
    this.count++;
    const now = Array.from(step, (value) => value / dtS);
    const share = gain(speedCutoffHz, dtS);
    const { velocity, last } = this;
    if (velocity === undefined || last === undefined) {
      this.velocity = now.map((value) => share * value);
    } else {
      // Steps of a smooth motion are alike; what differs between two of them is noise.
      const change = norm(now.map((value, i) => value - last[i]));
      this.noise +=
        Math.max(gain(NOISE_CUTOFF_HZ, dtS), 1 / (this.count - 1)) * (change - this.noise);
      this.velocity = velocity.map((value, i) => value + share * (now[i] - value));
    }
    this.last = now;
    this.speed = Math.max(norm(this.velocity), this.speed * Math.exp(-dtS / holdS));
    const { speed, noise } = this;
    const counted = (speed * speed) / Math.max(speed + noiseKnee * noise, 1e-9);
    const settled = gain(minCutoffHz + beta * counted, dtS);
    const knee = LEAD_KNEE * noise;
    return {
      value: Math.max(settled, 1 / (1 + this.count)),
      settled,
      lead: (speed * speed) / Math.max(speed * speed + knee * knee, 1e-9),
    };
  }
}

/** Length of a vector. */
export function norm(vector: Vector): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  return Math.sqrt(sum);
}
