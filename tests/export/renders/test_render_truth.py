"""Truth of renders: projection into the crop, what hides a landmark, the optional label fields."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.face_labels import crop_frame_from_stored, read_labels
from frsdk.export.datasets.labelled_face import LabelledFace, stored_crop
from frsdk.export.datasets.parameter_labels import LandmarkBasis
from frsdk.export.renders.drawing.camera_sampling import CropCamera, crop_camera
from frsdk.export.renders.render_truth import blendshape_row, fitted_faces, seen_landmarks
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, builtin_blendshapes
from frsdk.morphable.head_pose import rotation_from_angles


def face(yaw_deg: float = 0.0) -> np.ndarray:
    """(68, 3) the average face in camera axes, decimetres, about the origin."""
    shape = builtin_blendshapes().neutral / 100.0
    return np.asarray((shape - shape.mean(axis=0)) @ rotation_from_angles(yaw_deg, 5.0, 3.0).T)


@pytest.mark.parametrize("distance", [5.0, 30.0])
def test_the_camera_frames_the_stored_crop(distance: float) -> None:
    marks = face(40.0)
    camera = crop_camera(marks, distance)
    points = camera.crop_points(marks)
    # The crop of these very points is the whole picture: nothing moves.
    _, again, roi = stored_crop(np.zeros((160, 160, 3), np.uint8), points)
    assert np.allclose(again[:, :2], points[:, :2], atol=0.02)
    assert roi.side == pytest.approx(120.0, abs=0.02)
    assert points[:, 2].mean() == pytest.approx(0.0, abs=1e-9)


def test_clip_space_is_the_crop_and_depth_comes_back() -> None:
    marks = face(-70.0)
    camera = crop_camera(marks, 8.0)
    clip = np.concatenate([marks, np.ones((68, 1))], axis=1) @ camera.clip_matrix().T
    ndc = clip[:, :3] / clip[:, 3:]
    pixels = camera.crop_points(marks)
    assert np.allclose((ndc[:, 0] + 1.0) * 80.0 - 0.5, pixels[:, 0], atol=1e-6)
    assert np.allclose((1.0 - ndc[:, 1]) * 80.0 - 0.5, pixels[:, 1], atol=1e-6)
    assert np.abs(ndc[:, 2]).max() < 1.0
    assert np.allclose(camera.depth_of(ndc[:, 2] / 2.0 + 0.5), marks[:, 2], atol=1e-6)


def depth_at(camera: CropCamera, z: float) -> float:
    clip = camera.clip_matrix() @ [0.0, 0.0, z, 1.0]
    return float(clip[2] / clip[3] / 2.0 + 0.5)


def test_a_wall_before_half_of_the_face_hides_that_half() -> None:
    marks = face()
    camera = crop_camera(marks, 10.0)
    depth = np.full((256, 256), depth_at(camera, -3.0), np.float32)
    assert seen_landmarks(marks, camera, depth).all()
    depth[:, :120] = depth_at(camera, 2.0)
    seen = seen_landmarks(marks, camera, depth)
    columns = camera.crop_points(marks)[:, 0] / 160.0 * 256.0
    assert not seen[columns < 117].any() and seen[columns > 124].all()


def test_skin_just_before_a_landmark_does_not_hide_it() -> None:
    marks = face()
    camera = crop_camera(marks, 10.0)
    for before, expected in ((0.03, True), (0.3, False)):
        depth = np.full((256, 256), depth_at(camera, float(marks[8, 2]) + before), np.float32)
        assert bool(seen_landmarks(marks, camera, depth)[8]) is expected


def test_weights_stand_in_the_order_of_the_names() -> None:
    row = blendshape_row({"jawOpen": 0.5, "eyeBlinkLeft": 1.0})
    assert row[BLENDSHAPE_NAMES.index("jawOpen")] == 0.5
    assert row.sum() == 1.5 and row.shape == (51,)


def test_truth_is_written_beside_the_labels_that_loaders_read(tmp_path: Path) -> None:
    marks = face(30.0)
    camera = crop_camera(marks, 12.0)
    table = builtin_blendshapes()
    rng = np.random.default_rng(0)
    basis = LandmarkBasis(table.neutral, rng.normal(0.0, 1.0, (50, 68, 3)))
    seen = np.arange(68) % 2 == 0
    faces = [
        LabelledFace(
            key,
            np.full((160, 160, 3), 90, np.uint8),
            camera.crop_points(marks),
            30.0,
            "render",
            visible=seen,
            blendshapes=blendshape_row({"jawOpen": 0.25}),
        )
        for key in "ab"
    ]
    write_shards(fitted_faces(iter(faces), basis), tmp_path, "train")
    labels = read_labels(tmp_path / "train.npz")
    assert len(labels) == 2 and np.allclose(labels.landmarks[1], camera.crop_points(marks), 1e-4)
    with np.load(tmp_path / "train.npz") as arrays:
        assert arrays["visible"].tolist() == [seen.tolist()] * 2
        assert arrays["blendshapes"].sum() == 0.5
        decoded = basis.decode(arrays["fitted"])
    wanted = crop_frame_from_stored(camera.crop_points(marks))
    assert np.abs(decoded[0, :, :2] - wanted[:, :2]).mean() < 1.0
    # Where a face lacks them, the file has none of that field.
    plain = [*faces, LabelledFace("c", faces[0].crop, faces[0].landmarks, 0.0, "photo")]
    write_shards(iter(plain), tmp_path / "mixed", "train")
    with np.load(tmp_path / "mixed" / "train.npz") as arrays:
        assert not {"visible", "blendshapes", "fitted"} & set(arrays.files)
