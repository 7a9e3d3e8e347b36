"""Alignment and the errors that are left."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.surface_error import (
    aligned,
    corresponding_nme_percent,
    eye_distance,
    nearest_nme_percent,
)
from frsdk.errors import InputError
from frsdk.morphable.head_pose import rotation_from_angles


def moved(points: np.ndarray) -> np.ndarray:
    return 2.5 * points @ rotation_from_angles(40, -20, 70).T + (3.0, -80.0, 9.0)


def test_a_similarity_is_undone() -> None:
    target = np.random.default_rng(0).normal(size=(30, 3))
    assert aligned(moved(target), target) == pytest.approx(target, abs=1e-12)
    more = np.random.default_rng(1).normal(size=(7, 3))
    assert aligned(moved(target), target, moved=moved(more)) == pytest.approx(more, abs=1e-12)


def test_a_mirror_image_is_not() -> None:
    target = np.random.default_rng(0).normal(size=(30, 3))
    left = aligned(target * (-1.0, 1.0, 1.0), target)
    assert np.linalg.norm(left - target, axis=1).mean() > 0.3


def test_no_other_similarity_is_closer() -> None:
    random = np.random.default_rng(2)
    target, source = random.normal(size=(40, 3)), random.normal(size=(40, 3))
    best = ((aligned(source, target) - target) ** 2).sum()
    fitted = aligned(source, target)
    centre = target.mean(axis=0)
    for scale in (0.98, 1.02):
        assert (((fitted - centre) * scale + centre - target) ** 2).sum() > best
    for angles in ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)):
        turned = (fitted - centre) @ rotation_from_angles(*angles).T + centre
        assert ((turned - target) ** 2).sum() > best


def test_error_over_the_eye_distance(make_points) -> None:
    truth = make_points(20.0)
    assert eye_distance(truth) == pytest.approx(np.linalg.norm(truth[36] - truth[45]))
    assert corresponding_nme_percent(moved(truth), truth, eye_distance(truth)) < 1e-9
    noise = np.random.default_rng(0).normal(size=truth.shape)
    error = corresponding_nme_percent(truth + noise, truth, eye_distance(truth))
    left = np.linalg.norm(aligned(truth + noise, truth) - truth, axis=1).mean()
    assert error == pytest.approx(100 * left / eye_distance(truth))
    assert 0.9 < error < 2.1  # 1.6 px of noise over about 90 px, less what alignment takes


def test_closest_points_need_no_common_order(make_points, tiny_model) -> None:
    pytest.importorskip("scipy", reason="needs scipy (frsdk[eval])")
    truth = make_points(0.0)
    surface = np.random.default_rng(3).uniform(-1, 1, (2000, 3)) * (60, 80, 30) + truth.mean(axis=0)
    order = np.random.default_rng(4).permutation(len(surface))
    # The landmarks are a little wrong: the closest points must take that away.
    landmarks = moved(truth + np.random.default_rng(5).normal(size=truth.shape))
    error = nearest_nme_percent(moved(surface[order]), surface, landmarks, truth)
    assert error < 1e-6
    shifted = nearest_nme_percent(moved(surface[order][::2]), surface, landmarks, truth)
    assert 1.0 < shifted < 10.0  # half of the points have no partner


@pytest.mark.parametrize(
    ("source", "target", "match"),
    [
        (np.zeros((4, 3)), np.ones((5, 3)), "expected \\(n >= 3, 3\\) points twice"),
        (np.zeros((2, 3)), np.zeros((2, 3)), "n >= 3"),
        (np.ones((5, 3)), np.random.default_rng(0).normal(size=(5, 3)), "all lie at one place"),
    ],
)
def test_points_that_cannot_be_aligned(source, target, match: str) -> None:
    with pytest.raises(InputError, match=match):
        aligned(source, target)


def test_no_eyes_to_divide_by() -> None:
    points = np.random.default_rng(0).normal(size=(68, 3))
    with pytest.raises(InputError, match="eye corners lie at one place"):
        corresponding_nme_percent(points, points, 0.0)
