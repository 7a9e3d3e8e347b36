"""Times that only run forward."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.video.frame_clock import FrameClock


def times(presented: list[float | None], start_s: float = 0.0) -> tuple[list[float], int]:
    clock = FrameClock(start_s=start_s, nominal_s=0.04)
    return [clock.time_s(each) for each in presented], clock.corrected


def test_times_that_run_forward_are_kept() -> None:
    assert times([2.0, 2.033, 9.0], start_s=2.0) == ([0.0, pytest.approx(0.033), 7.0], 0)


def test_a_missing_time_is_the_nominal_one() -> None:
    assert times([0.0, None, 0.1]) == ([0.0, 0.04, 0.1], 1)


def test_a_repeated_time_comes_a_millisecond_later_and_shifts_no_other() -> None:
    found, corrected = times([0.0, 0.1, 0.1, 0.05, 0.2])
    assert found == pytest.approx([0.0, 0.1, 0.101, 0.102, 0.2])
    assert corrected == 2


def test_two_thousand_frames_a_second_keep_their_times() -> None:
    presented = [k / 2000 for k in range(4001)]
    found, corrected = times(list(presented))
    assert found == pytest.approx(presented, abs=1e-12) and corrected == 0


def test_a_cut_goes_on_from_the_last_frame() -> None:
    found, corrected = times([0.0, 5.0, 0.0, 0.5, 1.0])
    assert found == pytest.approx([0.0, 5.0, 5.04, 5.54, 6.04])
    assert corrected == 1


def test_a_jump_of_days_is_a_cut_and_hours_a_pause() -> None:
    found, corrected = times([0.0, 3600.0, 9e9, 9e9 + 0.5])
    assert found == pytest.approx([0.0, 3600.0, 3600.04, 3600.54])
    assert corrected == 1
    assert times([9e9, 9e9 + 1])[0] == [0.0, 1.0]


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_times_strictly_increase_whatever_comes(presented: list[float | None]) -> None:
    found, _ = times(presented)
    assert found[0] >= 0
    assert all(later > earlier for earlier, later in pairwise(found))
