import numpy as np
import pytest

from frsdk.metrics.expression_measures import MEASURES, expression_measures, eye_openings
from frsdk.morphable.morphable_model import builtin_face_model


@pytest.fixture
def points():
    """(1, 68, 2) landmarks of the mean face, y down."""
    model = builtin_face_model()
    return model.mean[model.landmark_indices].astype(np.float64)[None, :, :2] * (1.0, -1.0)


def eye(width, gap):
    """Six points of an eye: corners, two above, two below."""
    x = np.array([0.0, 0.3, 0.7, 1.0, 0.7, 0.3]) * width
    y = np.array([0.0, -0.5, -0.5, 0.0, 0.5, 0.5]) * gap
    return np.stack([x, y], axis=1)


def test_an_eye_is_as_open_as_its_gap_over_its_width(points):
    points[0, 36:42] = eye(30.0, 9.0)
    points[0, [45, 44, 43, 42, 47, 46]] = eye(20.0, 1.0) + np.array([100.0, 0.0])
    assert eye_openings(points)[0] == pytest.approx([0.3, 0.05])
    assert expression_measures(points)[0, 0] == pytest.approx(0.175)


def test_measures_do_not_depend_on_scale_roll_and_place(points):
    angle = np.radians(30.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = 2.5 * points @ turn.T + (40.0, -7.0)
    assert expression_measures(moved) == pytest.approx(expression_measures(points))


def test_each_measure_follows_its_own_landmarks(points):
    before = expression_measures(points)[0]
    eyes = np.linalg.norm(points[0, 36] - points[0, 45])
    for measure, landmarks, move, wanted in (
        ("mouth opening", [65, 66, 67], (0.0, 5.0), None),
        ("mouth width", [54], (5.0, 0.0), 5.0 / eyes),
        ("brow height", [19, 24], (0.0, -5.0), None),
    ):
        changed = points.copy()
        changed[0, landmarks] += move
        difference = expression_measures(changed)[0] - before
        column = MEASURES.index(measure)
        assert difference[column] > 0.02
        assert np.delete(difference, column) == pytest.approx(np.zeros(3))
        if wanted:
            assert difference[column] == pytest.approx(wanted, abs=1e-3)
