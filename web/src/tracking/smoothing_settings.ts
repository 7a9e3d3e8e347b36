// How much a tracker smooths, by name.

import { InputError } from "../errors.js";

/**
 * Constants of the filters of one face. Speeds are in face sizes a second; the size of a face is the
 * square root of the area of its landmarks' box in a frontal view.
 */
export interface Smoothing {
  /** Cutoff frequency of pose and expression at rest. */
  readonly minCutoffHz: number;
  /** What a speed of one face size a second adds to it, Hz. */
  readonly beta: number;
  /** Of the filter of the velocity. */
  readonly speedCutoffHz: number;
  /** Time in which a speed that is gone falls to 1/e. */
  readonly holdS: number;
  /** Times the noise's own speed: speeds below it count little. */
  readonly noiseKnee: number;
  /** Share of the pose's motion that is predicted, 0..1; 0 is a plain One Euro filter. */
  readonly lead: number;
  /** Shape coefficients are the mean over as many frames at most. */
  readonly identityFrames: number;
}

const BALANCED: Smoothing = {
  minCutoffHz: 0.2,
  beta: 160,
  speedCutoffHz: 1.5,
  holdS: 0.8,
  noiseKnee: 1,
  lead: 1,
  identityFrames: 300,
};

export const PRESETS: ReadonlyMap<string, Smoothing> = new Map([
  ["balanced", BALANCED],
  ["steady", { ...BALANCED, minCutoffHz: 0.05, beta: 60, speedCutoffHz: 1 }],
  ["responsive", { ...BALANCED, minCutoffHz: 0.05, beta: 250, speedCutoffHz: 3, noiseKnee: 1.5 }],
]);

/**
 * Constants by the name of a preset.
 *
 * @throws InputError when there is no such preset, or a constant is impossible.
 */
export function smoothingFromOption(option: string | Smoothing | null): Smoothing | null {
  if (option === null) return null;
  if (typeof option !== "string") return checked(option);
  const found = PRESETS.get(option);
  if (found === undefined) {
    const names = [...PRESETS.keys()].join(", ");
    throw new InputError(`expected smoothing ${names}, constants or null, got ${option}`);
  }
  return found;
}

function checked(smoothing: Smoothing): Smoothing {
  for (const name of Object.keys(BALANCED) as (keyof Smoothing)[]) {
    const value = smoothing[name];
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new InputError(`smoothing: expected ${name} of 0 or more, got ${value}`);
    }
  }
  if (!(smoothing.speedCutoffHz && smoothing.holdS && smoothing.identityFrames)) {
    throw new InputError("smoothing: expected speedCutoffHz, holdS and identityFrames above 0");
  }
  if (smoothing.lead > 1) {
    throw new InputError(`smoothing: expected lead of at most 1, got ${smoothing.lead}`);
  }
  return smoothing;
}
