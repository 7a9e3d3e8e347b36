// How much a tracker smooths, by name.

import { InputError } from "../errors.js";

/** Constants of the filters of one face. */
export interface Smoothing {
  /** Cutoff frequency of the pose at rest. */
  readonly minCutoffHz: number;
  /** What a speed of one face size a second adds to it, Hz. */
  readonly beta: number;
  /** Of the speed. */
  readonly derivativeCutoffHz: number;
  /** Share of the motion that is predicted, 0..1. */
  readonly lead: number;
  /** The identity is the mean of this many frames, at most. */
  readonly identityFrames: number;
}

export const PRESETS: Readonly<Record<string, Smoothing>> = {
  balanced: { minCutoffHz: 0.05, beta: 80, derivativeCutoffHz: 1, lead: 1, identityFrames: 300 },
};

/** Constants by the name of a preset. @throws InputError when there is no such preset. */
export function smoothingFromOption(option: string | Smoothing | null): Smoothing | null {
  if (typeof option !== "string") return option;
  const found = PRESETS[option];
  if (found === undefined) {
    const names = Object.keys(PRESETS).join(", ");
    throw new InputError(`expected smoothing ${names}, constants or null, got ${option}`);
  }
  return found;
}
