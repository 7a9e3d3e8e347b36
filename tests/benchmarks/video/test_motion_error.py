"""Jitter, lag and filters on paths that are known."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.video.compared_filters import filter_per_coordinate, mean_of_three
from frsdk.benchmarks.video.motion_error import motion_error, own_motion, runs

RATE = 30.0


def moving(phase_s: float = 0.0, count: int = 120) -> np.ndarray:
    """(T, 4, 2) a square of 100 px that swings by 20 px once a second."""
    time_s = np.arange(count) / RATE - phase_s
    corners = np.array([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0)])
    swing = np.stack([20 * np.sin(2 * np.pi * time_s), np.zeros(count)], axis=1)
    return corners + swing[:, None]


def test_a_late_path_is_late_by_so_much() -> None:
    error = motion_error(moving(0.010), moving(), RATE)
    assert error.lag_ms == pytest.approx(10.0, abs=0.3)
    assert motion_error(moving(-0.004), moving(), RATE).lag_ms == pytest.approx(-4.0, abs=0.2)
    assert error.nme_percent == pytest.approx(0.2 * 2 * np.pi * 0.01 * 2 / np.pi * 100, rel=0.05)


def test_noise_is_jitter_and_an_offset_is_none() -> None:
    random = np.random.default_rng(0)
    truth = moving(count=600)
    noisy = motion_error(truth + random.normal(0, 0.1, truth.shape), truth, RATE)
    # A step has sqrt(2) the noise; the mean length of a plane's normal vector is sqrt(pi / 2).
    assert noisy.jitter_percent == pytest.approx(0.1 * np.sqrt(np.pi), rel=0.05)
    assert noisy.path_percent == pytest.approx(0.1 * np.sqrt(2), rel=0.05)
    assert noisy.acceleration_percent == pytest.approx(0.1 * np.sqrt(3 * np.pi), rel=0.05)
    beside = motion_error(truth + 3.0, truth, RATE)
    assert beside.nme_percent == pytest.approx(3 * np.sqrt(2))
    assert beside.jitter_percent == pytest.approx(0.0, abs=1e-9)
    assert beside.path_percent == pytest.approx(0.0, abs=1e-9)
    still = np.repeat(truth[:1], 10, axis=0)
    assert motion_error(still + 1.0, still, RATE).lag_ms is None


def test_own_motion_of_a_steady_walk_has_no_acceleration() -> None:
    walk = moving()[:1] + np.arange(20)[:, None, None] * (2.0, 0.0)
    assert own_motion(walk) == pytest.approx((2.0, 0.0))


def test_runs() -> None:
    assert runs([False, True, True, False, True]) == [slice(1, 3), slice(4, 5)]
    assert runs([]) == []


def test_filters_that_others_use() -> None:
    truth = moving(count=300)
    late = motion_error(mean_of_three(truth), truth, RATE)
    assert late.lag_ms == pytest.approx(1000 / RATE, rel=0.05)
    random = np.random.default_rng(1)
    still = np.repeat(truth[:1], 300, axis=0)
    noisy = still + random.normal(0, 0.1, still.shape)
    filtered = filter_per_coordinate(noisy, RATE)
    jitter = [
        motion_error(each[30:], still[30:], RATE).jitter_percent for each in (noisy, filtered)
    ]
    assert jitter[1] < 0.25 * jitter[0]
