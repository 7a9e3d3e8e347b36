"""The timing contract of benchmarks/README.md, on a clock of our own."""

import gc

import numpy as np
import pytest

from frsdk.benchmarks.speed.measuring.interleaved_timing import WARM_UP_CALLS, Samples, interleaved
from frsdk.errors import InputError


class World:
    """A clock that only the cases move."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def clock(self):
        return self.now

    def case(self, name, seconds):
        def call():
            self.calls.append((name, gc.isenabled()))
            self.now += seconds() if callable(seconds) else seconds

        return call


def test_each_round_calls_each_case_once_in_changing_order():
    world = World()
    cases = {name: world.case(name, 0.001) for name in "abcd"}
    interleaved(cases, rounds=20, clock=world.clock)
    timed = [name for name, _ in world.calls[4 * WARM_UP_CALLS :]]
    rounds = ["".join(timed[i : i + 4]) for i in range(0, 80, 4)]
    assert len(rounds) == 20 and all(sorted(each) == list("abcd") for each in rounds)
    assert len(set(rounds)) > 10


def test_warm_up_is_not_timed_and_slow_cases_warm_up_twice():
    world = World()
    left = iter([5.0, 4.0])  # what only the first calls cost
    case = world.case("slow", lambda: next(left, 1.0))
    samples = interleaved({"slow": case}, rounds=3, clock=world.clock)
    assert samples["slow"].seconds.tolist() == [1.0, 1.0, 1.0]
    assert len(world.calls) == 2 + 3


def test_fast_cases_warm_up_five_times():
    world = World()
    interleaved({"fast": world.case("fast", 1e-4)}, rounds=2, clock=world.clock)
    assert len(world.calls) == WARM_UP_CALLS + 2


def test_collector_rests_while_the_clock_runs_and_wakes_after_errors():
    world = World()

    def fails():
        if len(world.calls) > WARM_UP_CALLS:
            raise RuntimeError("broken")
        world.case("x", 0.001)()

    assert gc.isenabled()
    interleaved({"a": world.case("a", 0.001)}, rounds=3, clock=world.clock)
    assert [on for _, on in world.calls[-3:]] == [False] * 3
    world.calls.clear()
    with pytest.raises(RuntimeError, match="broken"):
        interleaved({"x": fails}, rounds=3, clock=world.clock)
    assert gc.isenabled()


def test_ratio_is_the_median_over_rounds():
    """A machine that halves its clock for half of the run does not move the ratio."""
    load = np.array([1.0, 1.0, 1.0, 2.0, 2.0])
    base = Samples("base", load)
    assert Samples("other", 1.5 * load).ratio_to(base) == 1.5
    drawn = Samples("drawn", np.array([2.0, 2.0, 2.0, 2.0, 9.0]))
    assert drawn.ratio_to(base) == 2.0


def test_statistics():
    samples = Samples("x", np.arange(1, 101) * 1e-3)
    found = samples.statistics_ms()
    assert found["mean"] == pytest.approx(50.5)
    assert found["p50"] == pytest.approx(50.5) == samples.median_ms
    assert found["p99"] == pytest.approx(99.01)
    assert found["iqr"] == pytest.approx(49.5)
    assert list(found) == ["mean", "p50", "p90", "p95", "p99", "iqr"]


def test_rounds_are_reported_and_needed():
    seen = []
    world = World()
    interleaved(
        {"a": world.case("a", 1.0)},
        rounds=4,
        clock=world.clock,
        on_round=lambda: seen.append(1),
    )
    assert len(seen) == 4
    with pytest.raises(InputError, match="at least one round"):
        interleaved({"a": world.case("a", 1.0)}, rounds=0)
    with pytest.raises(InputError, match="got 0 and 3"):
        interleaved({}, rounds=3)
