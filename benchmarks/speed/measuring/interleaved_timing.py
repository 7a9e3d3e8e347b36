"""Time several things fairly: warmed up, interleaved, many runs (benchmarks/README.md)."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

Case = Callable[[], object]
Clock = Callable[[], float]

WARM_UP_CALLS = 5
WARM_UP_SECONDS = 0.2
_PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Times of one case.

    Attributes:
        name: The case.
        seconds: (rounds,) of single calls; index r of two cases is the same round.
    """

    name: str
    seconds: NDArray[np.float64]

    @property
    def median_ms(self) -> float:
        """Median of the calls in milliseconds."""
        return float(np.median(self.seconds)) * 1e3

    def ratio_to(self, base: Samples) -> float:
        """Median over the rounds of this case's time over the base's in the same round.

        Both see the same load and clock in a round, so that this repeats better than the quotient
        of two medians.
        """
        return float(np.median(self.seconds / base.seconds))

    def statistics_ms(self) -> dict[str, float]:
        """Mean, percentiles and interquartile range in milliseconds."""
        milliseconds = self.seconds * 1e3
        found = {f"p{p}": float(np.percentile(milliseconds, p)) for p in _PERCENTILES}
        quarter, three = np.percentile(milliseconds, (25, 75))
        return {"mean": float(milliseconds.mean()), **found, "iqr": float(three - quarter)}


def interleaved(
    cases: Mapping[str, Case],
    *,
    rounds: int,
    seed: int = 0,
    clock: Clock = time.perf_counter,
    on_round: Callable[[], None] = lambda: None,
) -> dict[str, Samples]:
    """Call each case once a round, in an order drawn anew each round.

    Every case is warmed up first. Python's garbage collector is off while the clock runs. A case
    must return only when its work is done: one that uses a device waits for it inside.

    Args:
        cases: What to call, by name.
        rounds: Timed calls of each.
        seed: Of the orders.
        clock: Seconds, monotonic.
        on_round: Called after each round, for a progress bar.

    Returns:
        The times, in the order of the cases.

    Raises:
        InputError: Fewer than one round, or no case.
    """
    if rounds < 1 or not cases:
        raise InputError(f"expected cases and at least one round, got {len(cases)} and {rounds}")
    for case in cases.values():
        _warm_up(case, clock)
    order = np.random.default_rng(seed)
    names = list(cases)
    seconds = {name: np.empty(rounds) for name in names}
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for index in range(rounds):
            for name in order.permutation(names):
                case = cases[name]
                begin = clock()
                case()
                seconds[name][index] = clock() - begin
            on_round()
    finally:
        if collecting:
            gc.enable()
    return {name: Samples(name, values) for name, values in seconds.items()}


def _warm_up(case: Case, clock: Clock) -> None:
    """At least two calls, at most five, and no more once 0.2 s have gone."""
    begin = clock()
    for call in range(WARM_UP_CALLS):
        case()
        if call and clock() - begin > WARM_UP_SECONDS:
            return
