"""Lids, brows and lips from a mesh's points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.expression_labels import (
    EXPRESSION_LANDMARKS,
    ExpressionLabels,
    closed_lids,
    mesh_points_path,
    read_mesh_points,
    with_mesh_points,
)
from frsdk.export.datasets.face_labels import joined, read_labels, stored_from_crop_frame
from frsdk.export.datasets.parameter_labels import fit_labels
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.export.training.prepare_training import load_training_data, mesh_files
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.metrics.expression_measures import expression_measures, eye_openings
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model

STAYING = np.setdiff1d(np.arange(68), EXPRESSION_LANDMARKS)


@pytest.fixture
def labels(faces_folder):
    """Twelve faces of the built-in model; the first four are annotated; all look ahead."""
    found = read_labels(faces_folder / "train.npz")
    return replace(found, yaw_deg=np.full(len(found), 5.0))


def moved(points, scale=1.05, angle_deg=3.0, shift=(2.0, -1.0)):
    angle = np.radians(angle_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + shift


def test_a_moved_copy_of_the_landmarks_changes_nothing_but_the_lids(labels):
    found = with_mesh_points(labels, moved(labels.landmarks[..., :2]))
    assert found.labels.landmarks[:, STAYING] == pytest.approx(labels.landmarks[:, STAYING])
    still = np.setdiff1d(np.arange(68), [37, 38, 40, 41, 43, 44, 46, 47])
    assert found.labels.landmarks[4:, still] == pytest.approx(labels.landmarks[4:, still])
    before, after = (eye_openings(each.landmarks) for each in (labels, found.labels))
    assert after[4:] == pytest.approx(1.1 * before[4:], rel=0.02)
    assert found.labels.landmarks[:4] == pytest.approx(labels.landmarks[:4])
    assert found.known.all()


def test_a_mesh_with_closed_eyes_closes_those_of_the_labels(labels):
    mesh = closed_lids(labels.landmarks[..., :2], 0.05)
    mesh[:, [*range(17), *range(27, 36)]] = np.nan  # neither jaw nor nose
    found = with_mesh_points(labels, mesh)
    assert eye_openings(found.labels.landmarks)[4:].max() < 0.07
    assert found.with_closed_eye[4:].all()
    # People call the eyes of the first four open: neither is taught.
    assert not found.known[:4].any() and not found.with_closed_eye[:4].any()
    assert eye_openings(labels.annotation[:4]).min() > 0.1


def test_open_mouths_are_those_of_near_frontal_faces(labels):
    apart = labels.landmarks.copy()
    eyes = np.linalg.norm(apart[:, 36, :2] - apart[:, 45, :2], axis=1)[:, None]
    lower, upper = [67, 66, 65], [61, 62, 63]
    apart[:, lower, :2] = apart[:, upper, :2]
    apart[::2, lower, 1] += 0.2 * eyes[::2]  # every other mouth
    yaw = np.where(np.arange(len(apart)) < 6, 0.0, 60.0)
    none = np.full_like(labels.annotation, np.nan)
    changed = replace(labels, landmarks=apart, annotation=none, yaw_deg=yaw)
    found = ExpressionLabels(changed, np.ones(len(apart), np.bool_)).with_open_mouth
    assert found.tolist() == [row % 2 == 0 and row < 6 for row in range(len(apart))]
    unknown = ExpressionLabels(changed, np.zeros(len(apart), np.bool_))
    assert not unknown.with_open_mouth.any()


def test_turned_faces_and_those_without_a_mesh_stay(labels):
    noise = np.random.default_rng(0).normal(0.0, 0.1, (12, 68, 2))
    mesh = moved(labels.landmarks[..., :2]) + noise
    mesh[5, 40] = np.nan
    yaw = labels.yaw_deg.copy()
    yaw[6] = -40.0
    found = with_mesh_points(replace(labels, yaw_deg=yaw), mesh)
    assert found.labels.landmarks[5:7] == pytest.approx(labels.landmarks[5:7])
    assert found.known[4:].tolist() == [True] + [False] * 2 + [True] * 5
    assert not np.allclose(found.labels.landmarks[7], labels.landmarks[7])
    assert found.labels.landmarks[..., 2] == pytest.approx(labels.landmarks[..., 2])


def test_constant_offsets_from_people_are_taken_off(labels):
    """A mesh that draws all mouths' corners too far out, measured where people drew them."""
    rows = np.arange(60) % 12
    many = replace(
        labels,
        **{
            name: getattr(labels, name)[rows]
            for name in ("key", "shard", "source", "identity", "landmarks", "spread", "annotation",
                         "fiducials", "parameters_3ddfa", "yaw_deg")
        },
    )  # fmt: skip
    people = np.full((60, 68, 2), np.nan)
    people[:55] = many.landmarks[:55, :, :2]
    many = replace(many, annotation=people)
    mesh = many.landmarks[..., :2].copy()
    eyes = mesh[:, [42, 45]].mean(axis=1) - mesh[:, [36, 39]].mean(axis=1)
    mesh[:, 54] += 0.1 * eyes
    mesh[:, 48] -= 0.1 * eyes
    truth = expression_measures(many.landmarks)[55:, 2]
    assert expression_measures(mesh)[55:, 2].mean() > truth.mean() + 0.05
    found = with_mesh_points(many, mesh)
    got = expression_measures(found.labels.landmarks)[55:, 2]
    assert got == pytest.approx(truth, abs=0.005)


def write_mesh(folder, keys, points):
    np.savez(mesh_points_path(folder, "train"), key=keys, points=points.astype(np.float16))


def test_training_data_follows_the_mesh_only_when_asked(labels, faces_folder):
    near = np.abs(read_labels(faces_folder / "train.npz").yaw_deg) < 32.0
    mesh = closed_lids(labels.landmarks[..., :2], 0.05)
    write_mesh(faces_folder, labels.key[::-1], mesh[::-1])  # in any order
    model = builtin_face_model()
    plain, basis = load_training_data(faces_folder, model)
    assert plain.expressive is not None and plain.expressive.tolist() == [True] * 4 + [False] * 8
    config = TrainConfig(expression_labels=True, closed_eye_draws=4.0)
    data, _ = load_training_data(faces_folder, model, config)
    changed = near & ~labels.has_annotation
    assert changed.any() and data.expressive is not None
    assert data.expressive[4:].tolist() == changed[4:].tolist()
    openings = eye_openings(basis.decode(data.params))
    assert openings[changed].mean() < 0.6 * eye_openings(basis.decode(plain.params))[changed].mean()
    often = (data.sampling / plain.sampling)[changed] / (data.sampling / plain.sampling)[~near][0]
    assert often == pytest.approx(np.full(changed.sum(), 4.0))
    names = [path.name for path in mesh_files([faces_folder], config)]
    assert names == ["train_mediapipe68.npz"]
    assert mesh_files([faces_folder], TrainConfig()) == []


def test_two_folders_are_one_after_the_other(faces_folder):
    model = builtin_face_model()
    one, _ = load_training_data(faces_folder, model)
    two, _ = load_training_data(faces_folder, model, also=[faces_folder])
    assert len(two.crops) == 24
    assert two.params == pytest.approx(np.concatenate([one.params, one.params]))
    assert (two.crops[12:] == one.crops).all()
    assert two.sampling.sum() == pytest.approx(1.0)


def test_bad_mesh_files_are_named(labels, faces_folder):
    path = mesh_points_path(faces_folder, "train")
    with pytest.raises(InputError, match="no such file of mesh points"):
        read_mesh_points(path, labels)
    path.write_bytes(b"junk")
    with pytest.raises(InputError, match="not a file of mesh points"):
        read_mesh_points(path, labels)
    write_mesh(faces_folder, labels.key[:-1], labels.landmarks[:-1, :, :2])
    with pytest.raises(InputError, match=f"lacks 1 of 12 faces, {labels.key[-1]} first"):
        read_mesh_points(path, labels)
    write_mesh(faces_folder, labels.key, labels.landmarks)
    with pytest.raises(InputError, match=r"points: expected \(12, 68, 2\)"):
        read_mesh_points(path, labels)


def test_labels_of_held_out_crops_come_nearer_to_people(shared_data):
    """The annotation of val is hidden; offsets come from the training crops."""
    folder = shared_data / "faces"
    train, val = (read_labels(folder / f"{split}.npz") for split in ("train", "val"))
    points = np.concatenate(
        [
            read_mesh_points(mesh_points_path(folder, split), each)
            for split, each in (("train", train), ("val", val))
        ]
    )
    hidden = replace(val, annotation=np.full_like(val.annotation, np.nan))
    found = with_mesh_points(joined([train, hidden]), points).labels.landmarks[len(train) :]
    rows = val.has_annotation & (np.abs(val.yaw_deg) < 30.0)
    people = val.annotation[rows]
    before, after = (
        nme_percent(each[rows, :, :2], people).mean() for each in (val.landmarks, found)
    )
    assert before == pytest.approx(3.19, abs=0.01)
    assert after < 3.17
    wanted = expression_measures(people)
    for column, least in enumerate((0.9, 0.8, 0.85, 0.4)):  # eye, lips, mouth's width, brows
        slope = np.polyfit(wanted[:, column], expression_measures(found[rows])[:, column], 1)[0]
        assert slope > least


def test_fitted_parameters_follow_peoples_eyes(shared_data):
    labels = read_labels(shared_data / "faces" / "train.npz")
    chosen = np.flatnonzero(labels.has_annotation & (np.abs(labels.yaw_deg) < 32.0))[::3]
    rows = np.zeros(len(labels), np.bool_)
    rows[chosen] = True
    some = labels.subset(rows)
    basis = landmark_basis_of(builtin_face_model())
    wanted = eye_openings(some.annotation).mean(axis=1)
    for follow, least_slope, least_r in ((True, 0.88, 0.94), (False, 0.7, 0.85)):
        params = fit_labels(some, basis, 0.4, follow_expression=follow)
        found = eye_openings(stored_from_crop_frame(basis.decode(params))).mean(axis=1)
        slope, r = np.polyfit(wanted, found, 1)[0], np.corrcoef(wanted, found)[0, 1]
        assert slope > least_slope and r > least_r, (follow, slope, r)
