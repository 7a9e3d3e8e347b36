"""CFP's fiducials among the 68."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk.benchmarks.protocols.labelled_shards import frontal_boxes
from frsdk.errors import InputError
from frsdk.export.datasets.cfp_fiducials import (
    landmarks_from_frontal_fiducials,
    landmarks_from_profile_fiducials,
    toward_fiducials,
)
from frsdk.export.datasets.face_labels import MIRROR_68, read_labels, stored_from_crop_frame
from frsdk.export.datasets.parameter_labels import fit_labels
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.export.training.prepare_training import load_training_data
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model

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


def test_a_mirrored_face_has_mirrored_points() -> None:
    points = np.random.default_rng(0).uniform(0.0, 160.0, (1, 68, 2))
    indices = [*range(9), 17, 19, 21, *range(36, 40), 41, 40, 27, 28, 29, 30, 33, 32, 31, 48, 51,
               62, 57, 66]  # fmt: skip
    fiducials = points[:, indices]
    flip = np.array((-1.0, 1.0))
    first = landmarks_from_profile_fiducials(fiducials, np.array([60.0]))
    second = landmarks_from_profile_fiducials(fiducials * flip, np.array([-60.0]))
    assert np.nanmax(np.abs(first - points)) == 0.0
    assert np.isfinite(second).all(axis=2).sum() == N_PLACED
    assert np.nanmax(np.abs(second[:, MIRROR_68] - points * flip)) == 0.0


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


@pytest.mark.parametrize("source", ["cfp_profile", "cfp_frontal"])
def test_landmarks_move_part_of_the_way_to_the_fiducials(source: str, faces_folder) -> None:
    labels = read_labels(faces_folder / "train.npz")
    sources = np.where(np.arange(len(labels)) == 5, source, labels.source)
    labels = replace(labels, source=sources)
    labels.fiducials[5] = labels.landmarks[5, list(range(30)), :2] + 3.0
    moved = toward_fiducials(labels, 0.5)
    if source == "cfp_profile":
        truth = landmarks_from_profile_fiducials(labels.fiducials, labels.yaw_deg)[5]
    else:
        truth = landmarks_from_frontal_fiducials(labels.fiducials)[5]
    seen = np.isfinite(truth).all(axis=1)
    assert seen.sum() == N_PLACED
    halfway = (labels.landmarks[5, seen, :2] + truth[seen]) / 2
    assert moved[5, seen, :2] == pytest.approx(halfway)
    others = np.delete(moved, 5, axis=0), np.delete(labels.landmarks, 5, axis=0)
    assert (others[0] == others[1]).all()
    assert (moved[5, ~seen] == labels.landmarks[5, ~seen]).all()
    assert (moved[5, :, 2] == labels.landmarks[5, :, 2]).all()


def test_fitted_labels_lie_between_teacher_and_people(shared_data) -> None:
    """Half the way: the labels of profiles come from 5.1 to 3.5 % of annotated fiducials."""
    labels = read_labels(shared_data / "faces" / "val.npz")
    labels = labels.subset(labels.source == "cfp_profile")
    truth = landmarks_from_profile_fiducials(labels.fiducials, labels.yaw_deg)
    seen = np.isfinite(truth).all(axis=2)
    boxes = np.concatenate([labels.fiducials.min(axis=1), labels.fiducials.max(axis=1)], axis=1)
    basis = landmark_basis_of(builtin_face_model())
    errors = {}
    for share in (0.0, 0.5):
        points = stored_from_crop_frame(basis.decode(fit_labels(labels, basis, share)))
        found, true = (a[seen].reshape(-1, N_PLACED, 2) for a in (points, truth))
        errors[share] = nme_percent(found, true, boxes_xyxy=boxes).mean()
    assert errors[0.0] == pytest.approx(5.09, abs=0.05)
    assert errors[0.5] == pytest.approx(3.52, abs=0.05)


def test_the_share_reaches_the_training_labels(faces_folder) -> None:
    path = faces_folder / "train.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays["source"] = np.where(np.arange(12) == 5, "cfp_frontal", arrays["source"])
    arrays["gt30"][5] = arrays["lmk68"][5, list(range(30)), :2] + 3.0
    np.savez(path, **arrays)
    model = builtin_face_model()
    found = [
        load_training_data(faces_folder, model, TrainConfig(fiducial_share=share))[0].params
        for share in (0.0, 0.5)
    ]
    moved = np.flatnonzero(np.abs(found[1] - found[0]).max(axis=1) > 1e-9)
    assert moved.tolist() == [5]
    for wrong in ({"fiducial_share": 1.5}, {"annotated_draws": 0.0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            TrainConfig(**wrong)
