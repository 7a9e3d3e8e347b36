"""Mean absolute error of angles."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.head_pose_error import pose_error


def test_mean_of_each_angle_around_the_circle() -> None:
    truth = np.array([[10.0, 0.0, 98.0], [-20.0, 5.0, -98.0]])
    found = np.array([[12.0, -3.0, 99.0], [-24.0, 4.0, 264.0]])
    error = pose_error(found, truth)
    assert (error.yaw_deg, error.pitch_deg, error.roll_deg) == pytest.approx((3, 2, 1.5))
    assert error.mean_deg == pytest.approx(6.5 / 3)
    assert (error.count, error.left_out) == (2, 0)


def test_large_true_angles_and_missing_faces_are_left_out() -> None:
    truth = np.array([[10.0, 0, 0], [100.0, 0, 0], [0, -99.5, 0], [np.nan, 0, 0], [1.0, 0, 0]])
    found = np.array([[11.0, 0, 0], [0.0, 0, 0], [0, 0, 0], [0, 0, 0], [np.nan, 0, 0]])
    error = pose_error(found, truth)
    assert (error.count, error.left_out, error.yaw_deg) == (1, 4, 1.0)


def test_no_face_counts() -> None:
    assert pose_error(np.zeros((1, 3)), np.full((1, 3), np.nan)) is None
