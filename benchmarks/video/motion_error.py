"""How far tracked landmarks are from the true ones, how much they shake and how late they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_SPEED = 0.01  # face sizes a second: below, nothing moves and lag has no meaning


@dataclass(frozen=True, slots=True)
class MotionError:
    """Figures of one face through a clip, in % of the face (the square root of its box's area).

    Attributes:
        nme_percent: Mean distance to the truth.
        jitter_percent: Mean over frames and points of how far a point's step from frame to frame is
            from the true step: normalised mean jitter.
        acceleration_percent: The same of the second difference.
        path_percent: Root mean square distance to the truth after each point's mean offset is taken
            away: jitter and lag in one figure.
        lag_ms: By how much the result is late: the shift of the true path that fits best, to first
            order. None where nothing moves.
    """

    nme_percent: float
    jitter_percent: float
    acceleration_percent: float
    path_percent: float
    lag_ms: float | None


def motion_error(found: Array, truth: Array, rate_hz: float) -> MotionError:
    """Compare paths of landmarks.

    Args:
        found: (T, K, 2) tracked, T >= 3.
        truth: (T, K, 2).
        rate_hz: Frames a second.
    """
    size = np.sqrt(np.prod(np.ptp(truth, axis=1), axis=1)).mean()
    error = (found - truth) / size
    centred = error - error.mean(axis=0)
    speed = np.gradient(truth / size, 1.0 / rate_hz, axis=0)
    energy = float((speed * speed).mean())
    lag = None
    if energy > _LEAST_SPEED**2:
        own = speed - speed.mean(axis=0)
        lag = -float((centred * own).sum() / (own * own).sum()) * 1e3
    return MotionError(
        nme_percent=_mean_length(error),
        jitter_percent=_mean_length(np.diff(error, axis=0)),
        acceleration_percent=_mean_length(np.diff(error, n=2, axis=0)),
        path_percent=100.0 * float(np.sqrt((centred * centred).sum(axis=2).mean())),
        lag_ms=lag,
    )


def own_motion(found: Array) -> tuple[float, float]:
    """Jitter and acceleration of a path without truth, in % of the face: medians over frames.

    Args:
        found: (T, K, 2) tracked, T >= 3.
    """
    size = np.sqrt(np.prod(np.ptp(found, axis=1), axis=1)).mean()
    return _median_length(np.diff(found, axis=0) / size), _median_length(
        np.diff(found, n=2, axis=0) / size
    )


def runs(present: Sequence[bool]) -> list[slice]:
    """The stretches of frames in which something is there."""
    found, start = [], None
    for index, here in enumerate([*present, False]):
        if here and start is None:
            start = index
        elif not here and start is not None:
            found.append(slice(start, index))
            start = None
    return found


def _mean_length(steps: Array) -> float:
    return 100.0 * float(np.sqrt((steps * steps).sum(axis=2)).mean())


def _median_length(steps: Array) -> float:
    return 100.0 * float(np.median(np.sqrt((steps * steps).sum(axis=2)).mean(axis=1)))
