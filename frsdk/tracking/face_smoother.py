"""Smooths one face through time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..face import Face
from ..morphable.morphable_model import MorphableModel
from .face_state import FaceState, face_of, landmark_middle, state_of
from .one_euro import AdaptiveGain
from .smoothing_settings import Smoothing

Array = NDArray[np.float64]

_TURN_SIZE = 0.35  # root mean square distance of the landmarks to their middle, in face sizes


class FaceSmoother:
    """Filters the parts of one face, causally, by timestamps."""

    def __init__(self, settings: Smoothing, model: MorphableModel) -> None:
        self._settings = settings
        self._middle, self._size = landmark_middle(model)
        self._gain = AdaptiveGain(
            settings.min_cutoff_hz, settings.beta, settings.derivative_cutoff_hz
        )
        self._last: FaceState | None = None
        self._smooth: FaceState | None = None
        self._velocity = np.zeros(7)
        self._frames = 0

    def __call__(self, face: Face, dt_s: float) -> Face:
        """The smoothed face.

        Args:
            face: The network's result for this frame.
            dt_s: Since the last frame; not used for the first.
        """
        state = state_of(face, self._middle)
        last, smooth = self._last, self._smooth
        self._last, self._frames = state, self._frames + 1
        if last is None or smooth is None:
            self._smooth = state
            return face
        size = float(np.exp(state.log_scale)) * self._size
        share = self._gain(_difference(state, last, size), dt_s)
        predicted = _moved(smooth, self._velocity * dt_s * self._settings.lead, size)
        rest = _difference(state, predicted, size)
        smoothed = _moved(predicted, share * rest, size)
        # Benedict and Bordner's choice (1962) for the gain of the velocity.
        self._velocity = self._velocity + share * share / (2.0 - share) * rest / dt_s
        steady = 1.0 / min(self._frames, self._settings.identity_frames)
        self._smooth = FaceState(
            smoothed.place,
            smoothed.log_scale,
            smoothed.rotation,
            _mixed(smooth.stretch, state.stretch, steady),
            _mixed(smooth.shape, state.shape, steady),
            _mixed(smooth.expression, state.expression, share),
        )
        return face_of(self._smooth, self._middle, face)


def _mixed(old: Array, new: Array, share: float) -> Array:
    return np.asarray(old + share * (new - old), np.float64)


def _difference(state: FaceState, base: FaceState, size: float) -> Array:
    """(7,) from one pose to another in face sizes: place, growth, turn as a rotation vector."""
    turn = cv2.Rodrigues(state.rotation @ base.rotation.T)[0].reshape(3)
    return np.concatenate(
        [
            (state.place - base.place) / size,
            [(state.log_scale - base.log_scale) * _TURN_SIZE],
            turn * _TURN_SIZE,
        ]
    )


def _moved(state: FaceState, step: Array, size: float) -> FaceState:
    """A pose moved by what :func:`_difference` says."""
    turn = np.asarray(cv2.Rodrigues(step[4:] / _TURN_SIZE)[0], np.float64)
    return FaceState(
        state.place + step[:3] * size,
        state.log_scale + float(step[3]) / _TURN_SIZE,
        turn @ state.rotation,
        state.stretch,
        state.shape,
        state.expression,
    )
