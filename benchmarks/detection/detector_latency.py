"""Time of detectors, interleaved so that a busy machine is busy for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one call, milliseconds.

    Attributes:
        median_ms: Over all rounds.
        p90_ms: Ninth decile.
        least_ms: The fastest: what the machine can do when nothing else runs.
    """

    median_ms: float
    p90_ms: float
    least_ms: float


def interleaved(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Latency]:
    """Call everything once a round, in turn.

    Args:
        calls: What to time, by name.
        rounds: After five rounds of warm-up.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for count in range(WARM_UP + rounds):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            if count >= WARM_UP:
                times[name].append((time.perf_counter() - begin) * 1e3)
    return {
        name: Latency(
            median_ms=float(np.median(values)),
            p90_ms=float(np.quantile(values, 0.9)),
            least_ms=float(np.min(values)),
        )
        for name, values in times.items()
    }
