"""Smooths one face through time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..face import Face
from ..morphable.morphable_model import N_SHAPE, MorphableModel
from .face_state import FaceState, face_of, landmark_middle, state_of
from .one_euro import AdaptiveGain
from .rotation_vectors import rotation_from_vector, vector_from_rotation
from .smoothing_settings import Smoothing

Array = NDArray[np.float64]

_TURN_SIZE = 0.35  # root mean square distance of the landmarks to their middle, in face sizes
_EXPRESSION_BETA = 3.0  # lips and lids move fast, and by little
_RECENT = 0.1  # share of a frame in the shape as it looks lately
# Lately farther from the mean than this, and than so many times a frame's noise: somebody else.
_OTHER_SHAPE, _OTHER_NOISE = 1.0, 6.0
_RESTART_FRAMES = 5


class FaceSmoother:
    """Filters the parts of one face, causally, by timestamps.

    The pose (place, scale and turn, which is a rotation and never angles) has one gain, from one
    speed; its motion goes on as it was, and only what is left is smoothed. The expression has a
    gain from its own speed, the root mean square speed of the landmarks that it moves: a mouth
    opens in a head that stands still. Shape coefficients belong to the person: their running mean
    is the result.
    """

    def __init__(self, settings: Smoothing, model: MorphableModel) -> None:
        """Start before the first frame.

        Args:
            settings: Constants.
            model: The face model of the results to come.
        """
        self._settings = settings
        self._middle, self._size = landmark_middle(model)
        self._speed_of_expression = _landmark_speed(model) / self._size
        self._frames = 0
        self.restart()

    def restart(self) -> None:
        """Forget how the face moved, but not what it looks like: after a gap."""
        self._pose_gain = self._new_gain(1.0)
        self._expression_gain = self._new_gain(_EXPRESSION_BETA)
        self._last: FaceState | None = None
        self._smooth_pose: FaceState | None = None
        self._velocity = [0.0] * 7

    def forget(self) -> None:
        """Another person."""
        self._frames = 0
        self.restart()

    def __call__(self, face: Face, dt_s: float) -> Face:
        """The smoothed face.

        Args:
            face: The network's result for this frame.
            dt_s: Since the last frame, positive; not used for the first.
        """
        state = state_of(face, self._middle)
        steady = self._steady(state)
        last, smooth = self._last, self._smooth_pose
        self._last = state
        if last is None or smooth is None:
            self._smooth_pose = FaceState(
                state.place, state.log_scale, state.rotation, *steady, state.expression
            )
            return face_of(self._smooth_pose, self._middle, face)
        size = math.exp(state.log_scale) * self._size
        taken = self._pose_gain(_difference(state, last, size), dt_s)
        ahead_s = dt_s * self._settings.lead * taken.lead
        predicted = _moved(smooth, [ahead_s * each for each in self._velocity], size)
        rest = _difference(state, predicted, size)
        pose = _moved(predicted, [taken.value * each for each in rest], size)
        # The gain of the velocity that suits a gain of the place (Benedict and Bordner, 1962).
        follow = taken.settled * taken.settled / (2.0 - taken.settled) / dt_s
        pairs = zip(self._velocity, rest, strict=True)
        self._velocity = [each + follow * off for each, off in pairs]
        change = (self._speed_of_expression @ (state.expression - last.expression)).tolist()
        share = self._expression_gain(change, dt_s).value
        expression = smooth.expression + share * (state.expression - smooth.expression)
        self._smooth_pose = FaceState(
            pose.place, pose.log_scale, pose.rotation, *steady, expression
        )
        return face_of(self._smooth_pose, self._middle, face)

    def _new_gain(self, more: float) -> AdaptiveGain:
        own = self._settings
        return AdaptiveGain(
            own.min_cutoff_hz, own.beta * more, own.speed_cutoff_hz, own.hold_s, own.noise_knee
        )

    def _steady(self, state: FaceState) -> tuple[Array, Array]:
        """Running means of the stretch and of the shape coefficients."""
        self._frames += 1
        if self._frames == 1:
            self._stretch, self._shape = state.stretch, state.shape
            self._recent, self._last_shape, self._noise = state.shape, state.shape, 0.0
            return self._stretch, self._shape
        share = max(_RECENT, 1.0 / self._frames)
        self._noise += share * (_norm(state.shape - self._last_shape) - self._noise)
        self._recent = self._recent + share * (state.shape - self._recent)
        self._last_shape = state.shape
        if _norm(self._recent - self._shape) > max(_OTHER_SHAPE, _OTHER_NOISE * self._noise):
            self._frames = min(self._frames, _RESTART_FRAMES)  # somebody else: learn anew
        share = 1.0 / min(self._frames, self._settings.identity_frames)
        self._stretch = self._stretch + share * (state.stretch - self._stretch)
        self._shape = self._shape + share * (state.shape - self._shape)
        return self._stretch, self._shape


def _norm(vector: Array) -> float:
    return math.sqrt(float(vector @ vector))


def _landmark_speed(model: MorphableModel) -> Array:
    """(10, 10) whose product with a change of expression is as long as the landmarks' RMS step."""
    modes = model.landmark_basis[1 + N_SHAPE :].astype(np.float64)  # (10, 204)
    gram = modes @ modes.T * (3.0 / modes.shape[1])
    values, vectors = np.linalg.eigh(gram)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T, np.float64)


def _difference(state: FaceState, base: FaceState, size: float) -> list[float]:
    """(7,) from one pose to another in face sizes: place, growth, turn as a rotation vector."""
    moved = [(new - old) / size for new, old in zip(state.place, base.place, strict=True)]
    growth = (state.log_scale - base.log_scale) * _TURN_SIZE
    turn = vector_from_rotation(state.rotation @ base.rotation.T)
    return [*moved, growth, *(each * _TURN_SIZE for each in turn)]


def _moved(state: FaceState, step: Sequence[float], size: float) -> FaceState:
    """A pose moved by what :func:`_difference` says."""
    (x, y, z), (dx, dy, dz, growth, *turn) = state.place, step
    turned = rotation_from_vector(*(each / _TURN_SIZE for each in turn))
    return FaceState(
        (x + dx * size, y + dy * size, z + dz * size),
        state.log_scale + growth / _TURN_SIZE,
        turned @ state.rotation,
        state.stretch,
        state.shape,
        state.expression,
    )
