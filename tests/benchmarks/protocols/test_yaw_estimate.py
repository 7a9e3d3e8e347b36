"""Yaw from landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.protocols.yaw_estimate import estimated_yaw_deg
from frsdk.errors import InputError


@pytest.mark.parametrize("yaw", [-85.0, -40.0, 0.0, 25.0, 70.0])
def test_yaw_of_the_mean_face(make_points, yaw: float) -> None:
    assert estimated_yaw_deg(make_points(yaw)[:, :2]) == pytest.approx(yaw, abs=0.5)


def test_annotated_faces_land_near_their_label(shared_data) -> None:
    with np.load(shared_data / "faces" / "val.npz") as labels:
        people, yaw = labels["gt68"], -labels["yaw_deg"]
    chosen = np.isfinite(people).all(axis=(1, 2))
    found = np.array([estimated_yaw_deg(points) for points in people[chosen].astype(float)])
    assert np.abs(found - yaw[chosen]).mean() < 5.0
    assert np.corrcoef(found, yaw[chosen])[0, 1] > 0.95


def test_points_on_a_line() -> None:
    with pytest.raises(InputError, match="one line"):
        estimated_yaw_deg(np.stack([np.arange(68.0), np.arange(68.0)], axis=1))
