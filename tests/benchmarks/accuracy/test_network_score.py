"""Figures from predictions and labels."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.network_score import score, score_truth
from frsdk.benchmarks.accuracy.predict_faces import Prediction
from frsdk.benchmarks.protocols.face_set import FaceSet, Truth, landmark_boxes
from frsdk.errors import InputError


def truth_of(points: np.ndarray, /, **other) -> Truth:
    values = {
        "name": "t",
        "rows": np.arange(len(points)),
        "points": points,
        "boxes_xyxy": np.tile([0.0, 0.0, 50.0, 50.0], (len(points), 1)),
        "yaw_deg": np.zeros(len(points)),
    }
    return Truth(**{**values, **other})


def test_only_visible_points_count() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (2, 68, 2))
    truth = points.copy()
    truth[0, :10] -= (3.0, 4.0)  # 5 px off at 10 of 68 points
    truth[1, 0] += (500.0, 0.0)
    hidden = truth.copy()
    hidden[1, 0] = np.nan
    errors = score_truth(points, truth_of(hidden), 10.0).errors_percent
    assert errors == pytest.approx([100 * 5 * 10 / 68 / 50, 0.0])


def test_rows_pick_the_pictures() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (3, 68, 2))
    truth = truth_of(points[[2, 0]] + (1.0, 0.0), rows=np.array([2, 0]))
    scored = score_truth(points, truth, 10.0)
    assert scored.errors_percent == pytest.approx([2.0, 2.0])
    assert scored.offset_percent == pytest.approx((-2.0, 0.0))


def test_means_of_points_by_weights() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (1, 68, 2))
    weights = np.zeros((2, 68))
    weights[0, [36, 39]] = 0.5
    weights[1, 8] = 1.0
    wanted = np.array([[points[0, [36, 39]].mean(axis=0), points[0, 8] + (0.0, 10.0)]])
    truth = truth_of(wanted, weights=weights)
    assert score_truth(points, truth, 10.0).errors_percent == pytest.approx([100 * 5 / 50])


def test_missed_faces_fail_but_do_not_enter_the_mean() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (4, 68, 2))
    found = points + np.array([1.0, 0.0])
    found[3] = np.nan
    scored = score_truth(found, truth_of(points, yaw_deg=np.array([0.0, 40.0, -70.0, 80.0])), 10.0)
    assert (scored.faces, scored.missed) == (4, 1)
    assert scored.summary.count == 3
    assert scored.summary.mean_of_bins_percent == pytest.approx(2.0)
    assert scored.distribution.failure_rate == pytest.approx(0.25)
    nothing = score_truth(np.full_like(points, np.nan), truth_of(points), 10.0)
    assert nothing.summary is None and nothing.offset_percent is None
    assert nothing.distribution.failure_rate == 1.0


def test_pose_and_shape_only_where_they_are_known(grey_picture) -> None:
    points = np.random.default_rng(0).uniform(0, 100, (1, 68, 2))
    faces = FaceSet("s", [grey_picture], [truth_of(points)])
    prediction = Prediction(points, np.zeros((1, 3)), np.array([np.nan]), "68 landmarks")
    scored = score("a", "engine", "model", prediction, faces, 10.0)
    assert scored.pose is None and scored.reconstruction is None
    known = FaceSet("s", [grey_picture], [truth_of(points)], pose_deg=np.array([[2.0, 0, 0]]))
    prediction = Prediction(points, np.zeros((1, 3)), np.array([4.0]), "68 landmarks")
    scored = score("a", "engine", "model", prediction, known, 10.0)
    assert scored.pose.yaw_deg == 2.0
    assert (scored.reconstruction.mean_percent, scored.reconstruction.count) == (4.0, 1)


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ({"yaw_deg": np.zeros(1)}, "as many points, boxes and yaws"),
        ({"yaw_deg": np.array([0.0, np.nan])}, "picture 1 .* not finite"),
        ({"points": np.full((2, 68, 2), np.nan)}, "picture 0 .* not finite"),
        ({"boxes_xyxy": np.full((2, 4), np.inf)}, "picture 0 .* not finite"),
    ],
)
def test_labels_that_cannot_be_used(other, match: str) -> None:
    with pytest.raises(InputError, match=match):
        truth_of(np.zeros((2, 68, 2)), **other)


def test_an_empty_set(grey_picture) -> None:
    with pytest.raises(InputError, match="no pictures"):
        FaceSet("s", [], [])
    with pytest.raises(InputError, match="none of the 1 pictures has labels"):
        FaceSet("s", [grey_picture], [])


def test_boxes_leave_hidden_points_out() -> None:
    points = np.array([[[1.0, 2.0], [5.0, 9.0], [np.nan, 100.0]]])
    assert landmark_boxes(points)[0] == pytest.approx([1, 2, 5, 9])
