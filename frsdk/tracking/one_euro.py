"""The One Euro filter (Casiez et al., CHI 2012), with one speed for all that it is given."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def gain(cutoff_hz: float, dt_s: float) -> float:
    """Share of a new value that a low-pass filter of first order takes (their equation 6).

    Args:
        cutoff_hz: 0 holds the old value.
        dt_s: Since the last value, positive.
    """
    rate = 2.0 * math.pi * cutoff_hz * dt_s
    return rate / (1.0 + rate)


@dataclass(slots=True)
class AdaptiveGain:
    """How much of each new value is taken: little while nothing moves, most of it in motion.

    Attributes:
        min_cutoff_hz: Cutoff frequency at rest.
        beta: What a speed of one unit a second adds to it, Hz.
        derivative_cutoff_hz: Of the filter of the velocity, whose norm is the speed.
    """

    min_cutoff_hz: float
    beta: float
    derivative_cutoff_hz: float
    _velocity: Array | None = None
    _count: int = 0

    def __call__(self, step: Array, dt_s: float) -> float:
        """The gain for a new value.

        Args:
            step: (k,) how far it lies from the last one; its norm over time is the speed.
            dt_s: Since the last one.
        """
        self._count += 1
        velocity = step / dt_s
        if self._velocity is None:
            self._velocity = np.zeros_like(velocity)
        share = gain(self.derivative_cutoff_hz, dt_s)
        self._velocity = self._velocity + share * (velocity - self._velocity)
        speed = float(np.sqrt(self._velocity @ self._velocity))
        # The mean of few values is better than the first one: 1 / n until the filter takes more.
        found = gain(self.min_cutoff_hz + self.beta * speed, dt_s)
        return max(found, 1.0 / (1.0 + self._count))
