"""Filters that others put on landmarks, to compare with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# MediaPipe's face landmarks: cutoff at rest, Hz; Hz per face size a second; cutoff of the speed.
_MIN_CUTOFF_HZ, _BETA, _SPEED_CUTOFF_HZ = 0.05, 80.0, 1.0


def mean_of_three(path: Array) -> Array:
    """3DDFA_V2's smoothing of videos: the mean of the frames before, at and after one.

    It waits for the frame after, so that what it says when a frame comes is of the frame before.

    Args:
        path: (T, K, 2).

    Returns:
        (T, K, 2) what is known when each frame has come.
    """
    before = np.concatenate([path[:1], path[:1], path[:-2]])
    middle = np.concatenate([path[:1], path[:-1]])
    return np.asarray((before + middle + path) / 3.0, np.float64)


def filter_per_coordinate(path: Array, rate_hz: float) -> Array:
    """A One Euro filter for every coordinate of every point (Casiez et al., CHI 2012).

    Args:
        path: (T, K, 2).
        rate_hz: Frames a second.
    """
    size = np.sqrt(np.prod(np.ptp(path, axis=1), axis=1)).mean()
    dt_s = 1.0 / rate_hz
    out, speed = path.copy(), np.zeros_like(path[0])
    for index in range(1, len(path)):
        step = (path[index] - out[index - 1]) / (size * dt_s)
        speed = speed + _gain(np.full_like(step, _SPEED_CUTOFF_HZ), dt_s) * (step - speed)
        share = _gain(_MIN_CUTOFF_HZ + _BETA * np.abs(speed), dt_s)
        out[index] = out[index - 1] + share * (path[index] - out[index - 1])
    return np.asarray(out, np.float64)


def _gain(cutoff_hz: Array, dt_s: float) -> Array:
    rate = 2.0 * np.pi * cutoff_hz * dt_s
    return np.asarray(rate / (1.0 + rate), np.float64)
