"""CFP's fiducials among the 68."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.evaluation.cfp_points import (
    frontal_boxes,
    landmarks_from_frontal_fiducials,
    landmarks_from_profile_fiducials,
)
from frsdk.nme import nme_percent

N_PLACED = 30


def test_profiles_take_the_side_that_shows() -> None:
    fiducials = np.arange(2 * 30 * 2, dtype=float).reshape(2, 30, 2)
    found = landmarks_from_profile_fiducials(fiducials, np.array([70.0, -70.0]))
    assert (np.isfinite(found).all(axis=2).sum(axis=1) == N_PLACED).all()
    right, left = found
    assert right[0] == pytest.approx(fiducials[0, 0])  # jaw below the ear on the picture's left
    assert left[16] == pytest.approx(fiducials[1, 0])
    assert right[36] == pytest.approx(fiducials[0, 12])  # outer corner of the eye
    assert left[45] == pytest.approx(fiducials[1, 12])
    assert right[41] == pytest.approx(fiducials[0, 16])  # lower lid, numbered backwards
    assert left[46] == pytest.approx(fiducials[1, 16])
    assert np.isnan(right[9:17]).all() and np.isnan(left[:8]).all()


def test_a_mirrored_face_has_mirrored_points(make_points) -> None:
    points = np.stack([make_points(60.0), make_points(-60.0)])[..., :2]
    indices = [*range(9), 17, 19, 21, *range(36, 40), 41, 40, 27, 28, 29, 30, 33, 32, 31, 48, 51,
               62, 57, 66]  # fmt: skip
    fiducials = points[:1, indices]
    mirrored = fiducials * (-1.0, 1.0) + (200.0, 0.0)
    first = landmarks_from_profile_fiducials(fiducials, np.array([60.0]))[0]
    second = landmarks_from_profile_fiducials(mirrored, np.array([-60.0]))[0]
    assert np.nanmax(np.abs(first - points[0])) == 0.0
    # The built-in mean is symmetric, so the mirror image is the face turned the other way.
    flipped = points[0] * (-1.0, 1.0) + (200.0, 0.0)
    for index in (16, 45, 35, 54, 26):
        assert second[index] == pytest.approx(
            flipped[{16: 0, 45: 36, 35: 31, 54: 48, 26: 17}[index]]
        )


def test_frontal_box_reaches_as_far_on_the_other_side() -> None:
    fiducials = np.zeros((1, 30, 2))
    fiducials[0, :, 0] = 50.0  # the centre line
    fiducials[0, 0] = (10.0, 20.0)
    fiducials[0, 8, 1] = 90.0
    assert frontal_boxes(fiducials)[0] == pytest.approx([10, 0, 90, 90])


def test_labels_of_cfp_give_the_figures_of_their_readme(shared_data) -> None:
    """Teacher ensemble against 30 fiducials: 2.82 % frontal, 5.05 % profile (data README)."""
    with (
        np.load(shared_data / "faces" / "train.npz") as a,
        np.load(shared_data / "faces" / "val.npz") as b,
    ):
        fields = ("source", "lmk68", "gt30", "yaw_deg")
        source, points, fiducials, yaw = (np.concatenate([a[f], b[f]]) for f in fields)
    points = points[..., :2].astype(float)
    for name, wanted in (("cfp_frontal", 2.82), ("cfp_profile", 5.05)):
        chosen = source == name
        given = fiducials[chosen].astype(float)
        if name == "cfp_frontal":
            truth, boxes = landmarks_from_frontal_fiducials(given), frontal_boxes(given)
        else:
            truth = landmarks_from_profile_fiducials(given, -yaw[chosen])
            boxes = np.concatenate([given.min(axis=1), given.max(axis=1)], axis=1)
        seen = np.isfinite(truth).all(axis=2)
        found, true = (a[seen].reshape(-1, N_PLACED, 2) for a in (points[chosen], truth))
        assert nme_percent(found, true, boxes_xyxy=boxes).mean() == pytest.approx(wanted, abs=0.006)
