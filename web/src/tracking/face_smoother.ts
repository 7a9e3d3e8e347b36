// Smooths one face through time.

import type { Face } from "../face.js";
import type { MorphableModel } from "../morphable/morphable_model.js";
import { faceOf, landmarkMiddle, stateOf, type FaceState } from "./face_state.js";
import { AdaptiveGain, norm } from "./one_euro.js";
import { product, rotationFromVector, transposed, vectorFromRotation } from "./rotation_vectors.js";
import type { Smoothing } from "./smoothing_settings.js";

const TURN_SIZE = 0.35; // root mean square distance of landmarks to their middle, in face sizes
const EXPRESSION_BETA = 3; // lips and lids move fast, and by little
const RECENT = 0.1; // share of a frame in the shape as it looks lately
// Lately farther from the mean than this, and than so many times a frame's noise: somebody else.
const OTHER_SHAPE = 1;
const OTHER_NOISE = 6;
const RESTART_FRAMES = 5;

/** Running means of what belongs to a person. */
interface Identity {
  readonly stretch: Float64Array;
  readonly shape: Float64Array;
  /** The shape as it looks lately, and of the last frame. */
  readonly recent: Float64Array;
  readonly last: Float64Array;
  /** How much a frame's shape differs from the one before. */
  readonly noise: number;
}

/**
 * Filters the parts of one face, causally, by timestamps.
 *
 * The pose has one gain, from one speed; its motion goes on as it was, and only what is left is
 * smoothed. The expression has a gain from its own speed, the root mean square speed of the
 * landmarks that it moves. Shape coefficients belong to the person: their running mean is the result.
 */
export class FaceSmoother {
  private readonly middle: number[];
  private readonly size: number;
  private frames = 0;
  private identity: Identity | undefined;
  private poseGain!: AdaptiveGain;
  private expressionGain!: AdaptiveGain;
  private last: FaceState | undefined;
  private smooth: FaceState | undefined;
  private velocity: number[] = [];

  constructor(
    private readonly settings: Smoothing,
    private readonly model: MorphableModel,
  ) {
    ({ middle: this.middle, size: this.size } = landmarkMiddle(model));
    this.restart();
  }

  /** Forget how the face moved, but not what it looks like: after a gap. */
  restart(): void {
    const { beta } = this.settings;
    this.poseGain = new AdaptiveGain(this.settings);
    this.expressionGain = new AdaptiveGain({ ...this.settings, beta: EXPRESSION_BETA * beta });
    this.last = undefined;
    this.smooth = undefined;
    this.velocity = new Array<number>(7).fill(0);
  }

  /**
   * The smoothed face.
   *
   * @param face The network's result for this frame.
   * @param dtS Since the last frame, positive; not used for the first.
   */
  next(face: Face, dtS: number): Face {
    const state = stateOf(face, this.middle);
    const { stretch, shape } = (this.identity = this.learned(state));
    const { last, smooth } = this;
    this.last = state;
    this.smooth =
      last === undefined || smooth === undefined
        ? { ...state, stretch, shape }
        : { ...this.filtered(state, last, smooth, dtS), stretch, shape };
    return faceOf(this.smooth, this.middle, face);
  }

  /** Pose and expression of a frame. */
  private filtered(state: FaceState, last: FaceState, smooth: FaceState, dtS: number): FaceState {
    const size = Math.exp(state.logScale) * this.size;
    const taken = this.poseGain.next(difference(state, last, size), dtS);
    const ahead = dtS * this.settings.lead * taken.lead;
    const predicted = moved(
      smooth,
      this.velocity.map((value) => value * ahead),
      size,
    );
    const rest = difference(state, predicted, size);
    const pose = moved(
      predicted,
      rest.map((value) => taken.value * value),
      size,
    );
    // The gain of the velocity that suits a gain of the place (Benedict and Bordner, 1962).
    const follow = (taken.settled * taken.settled) / (2 - taken.settled) / dtS;
    this.velocity = this.velocity.map((value, i) => value + follow * rest[i]);
    const change = state.expression.map((value, i) => value - last.expression[i]);
    const { value: share } = this.expressionGain.next(this.landmarkStep(change), dtS);
    return { ...pose, expression: mixed(smooth.expression, state.expression, share) };
  }

  /** A change of expression as a vector as long as the landmarks' RMS step, in face sizes. */
  private landmarkStep(change: Float64Array): Float64Array {
    const offsets = this.model.landmarkOffsets(change);
    const scale = Math.sqrt(3 / offsets.length) / this.size;
    return offsets.map((value) => value * scale);
  }

  /** Running means of the stretch and of the shape coefficients. */
  private learned({ stretch, shape }: FaceState): Identity {
    const known = this.identity;
    this.frames++;
    if (known === undefined) return { stretch, shape, recent: shape, last: shape, noise: 0 };
    const share = Math.max(RECENT, 1 / this.frames);
    const noise = known.noise + share * (norm(minus(shape, known.last)) - known.noise);
    const recent = mixed(known.recent, shape, share);
    if (norm(minus(recent, known.shape)) > Math.max(OTHER_SHAPE, OTHER_NOISE * noise)) {
      this.frames = Math.min(this.frames, RESTART_FRAMES); // somebody else: learn anew
    }
    const steady = 1 / Math.min(this.frames, this.settings.identityFrames);
    return {
      stretch: mixed(known.stretch, stretch, steady),
      shape: mixed(known.shape, shape, steady),
      recent,
      last: shape,
      noise,
    };
  }
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
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
