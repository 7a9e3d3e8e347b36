// Smooths one face through time.

import type { Face } from "../face.js";
import type { MorphableModel } from "../morphable/morphable_model.js";
import { faceOf, landmarkMiddle, stateOf, type FaceState } from "./face_state.js";
import { AdaptiveGain } from "./one_euro.js";
import { product, rotationFromVector, transposed, vectorFromRotation } from "./rotation_vectors.js";
import type { Smoothing } from "./smoothing_settings.js";

const TURN_SIZE = 0.35; // root mean square distance of landmarks to their middle, in face sizes

/** Filters the parts of one face, causally, by timestamps. */
export class FaceSmoother {
  private readonly middle: number[];
  private readonly size: number;
  private readonly gain: AdaptiveGain;
  private last: FaceState | undefined;
  private smooth: FaceState | undefined;
  private velocity = new Array<number>(7).fill(0);
  private frames = 0;

  constructor(
    private readonly settings: Smoothing,
    model: MorphableModel,
  ) {
    ({ middle: this.middle, size: this.size } = landmarkMiddle(model));
    const { minCutoffHz, beta, derivativeCutoffHz } = settings;
    this.gain = new AdaptiveGain(minCutoffHz, beta, derivativeCutoffHz);
  }

  /**
   * The smoothed face.
   *
   * @param face The network's result for this frame.
   * @param dtS Since the last frame; not used for the first.
   */
  next(face: Face, dtS: number): Face {
    const state = stateOf(face, this.middle);
    const { last, smooth } = this;
    this.last = state;
    this.frames++;
    if (last === undefined || smooth === undefined) {
      this.smooth = state;
      return face;
    }
    const size = Math.exp(state.logScale) * this.size;
    const share = this.gain.next(difference(state, last, size), dtS);
    const lead = this.settings.lead * dtS;
    const predicted = moved(smooth, this.velocity.map((value) => value * lead), size);
    const rest = difference(state, predicted, size);
    const smoothed = moved(predicted, rest.map((value) => share * value), size);
    // Benedict and Bordner's choice (1962) for the gain of the velocity.
    const pull = (share * share) / (2 - share) / dtS;
    this.velocity = this.velocity.map((value, i) => value + pull * rest[i]);
    const steady = 1 / Math.min(this.frames, this.settings.identityFrames);
    this.smooth = {
      place: smoothed.place,
      logScale: smoothed.logScale,
      rotation: smoothed.rotation,
      stretch: mixed(smooth.stretch, state.stretch, steady),
      shape: mixed(smooth.shape, state.shape, steady),
      expression: mixed(smooth.expression, state.expression, share),
    };
    return faceOf(this.smooth, this.middle, face);
  }
}

function mixed(old: Float64Array, next: Float64Array, share: number): Float64Array {
  return old.map((value, i) => value + share * (next[i] - value));
}

/** From one pose to another in face sizes: place, growth, turn as a rotation vector. */
function difference(state: FaceState, base: FaceState, size: number): number[] {
  const turn = vectorFromRotation(product(state.rotation, transposed(base.rotation)));
  return [
    ...state.place.map((value, i) => (value - base.place[i]) / size),
    (state.logScale - base.logScale) * TURN_SIZE,
    ...turn.map((value) => value * TURN_SIZE),
  ];
}

/** A pose moved by what {@link difference} says. */
function moved(state: FaceState, step: readonly number[], size: number): FaceState {
  const turn = rotationFromVector(step.slice(4).map((value) => value / TURN_SIZE));
  return {
    ...state,
    place: state.place.map((value, i) => value + step[i] * size),
    logScale: state.logScale + step[3] / TURN_SIZE,
    rotation: product(turn, state.rotation),
  };
}
