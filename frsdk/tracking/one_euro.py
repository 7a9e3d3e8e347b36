"""The One Euro filter's gain (Casiez et al., CHI 2012), from one speed for all that moves together.

Three things are added to the paper's. A speed is held for a while, because something that swings
stands still for a moment at either end. Speeds that noise alone explains count little: the knee
follows the noise that is seen. And of the first values the mean is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_NOISE_CUTOFF_HZ = 0.5
_LEAD_KNEE = 0.6  # of the noise's speed: above it, motion is predicted


def gain(cutoff_hz: float, dt_s: float) -> float:
    """Share of a new value that a low-pass filter of first order takes (their equation 6).

    Args:
        cutoff_hz: 0 holds the old value.
        dt_s: Since the last value, positive.
    """
    rate = 2.0 * math.pi * cutoff_hz * dt_s
    return rate / (1.0 + rate)


@dataclass(frozen=True, slots=True)
class Gains:
    """What to take of a new value.

    Attributes:
        value: Share of the new value, 0..1.
        settled: The same without the averaging of the first values.
        lead: Share of the motion so far to go on with, 0..1.
    """

    value: float
    settled: float
    lead: float


@dataclass(slots=True)
class AdaptiveGain:
    """How much of each new value is taken: little while nothing moves, most of it in motion.

    Attributes:
        min_cutoff_hz: Cutoff frequency at rest.
        beta: What a speed of one unit a second adds to it, Hz.
        speed_cutoff_hz: Of the filter of the velocity, whose norm is the speed.
        hold_s: Time in which a speed that is gone falls to 1/e.
        noise_knee: Times the noise's own speed: speeds below it count little.
    """

    min_cutoff_hz: float
    beta: float
    speed_cutoff_hz: float
    hold_s: float
    noise_knee: float
    _velocity: list[float] | None = None
    _last: list[float] | None = None
    _speed: float = 0.0
    _noise: float = 0.0
    _count: int = 0

    def __call__(self, step: Sequence[float], dt_s: float) -> Gains:
        """The gains for a new value.

        Args:
            step: (k,) how far it lies from the last one; plain numbers, which for so few are
                quicker than arrays.
            dt_s: Since the last one, positive.
        """
        self._count += 1
        velocity = [each / dt_s for each in step]
        if self._velocity is None or self._last is None:
            share = gain(self.speed_cutoff_hz, dt_s)
            self._velocity = [share * each for each in velocity]
        else:
            # Steps of a smooth motion are alike; what differs between two of them is noise.
            change = math.dist(velocity, self._last)
            share = max(gain(_NOISE_CUTOFF_HZ, dt_s), 1.0 / (self._count - 1))
            self._noise += share * (change - self._noise)
            share = gain(self.speed_cutoff_hz, dt_s)
            pairs = zip(self._velocity, velocity, strict=True)
            self._velocity = [old + share * (new - old) for old, new in pairs]
        self._last = velocity
        self._speed = max(math.hypot(*self._velocity), self._speed * math.exp(-dt_s / self.hold_s))
        speed = self._speed
        counted = speed * speed / max(speed + self.noise_knee * self._noise, 1e-9)
        settled = gain(self.min_cutoff_hz + self.beta * counted, dt_s)
        knee = _LEAD_KNEE * self._noise
        return Gains(
            value=max(settled, 1.0 / (1.0 + self._count)),
            settled=settled,
            lead=speed * speed / max(speed * speed + knee * knee, 1e-9),
        )
