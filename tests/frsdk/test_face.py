"""One reconstructed face."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.face import Face
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import pose_from_params
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.morphable.registered_models import register_face_model

SIZE = 120


@pytest.fixture
def face(tiny_model: MorphableModel) -> Face:
    """A frontal face in the middle of a 200-px square at (100, 40)."""
    params = np.zeros(62, np.float32)
    extent = float(np.ptp(tiny_model.mean[:, :2], axis=0).max())
    scale = 80 / max(extent, 1e-3)
    centre = tiny_model.mean[:, :2].mean(axis=0) * scale
    params[[0, 5, 10]] = scale
    params[[3, 7]] = SIZE / 2 - centre
    params[12:] = np.random.default_rng(0).normal(size=50) * 0.1
    roi = Roi(100, 40, 200)
    points = tiny_model.decode_landmarks(params[None], size=SIZE)[0]
    landmarks = (points * (200 / SIZE)).astype(np.float32)
    return Face(
        params=params,
        landmarks=landmarks,
        pose=pose_from_params(params, roi, SIZE),
        box=np.array([120.0, 60.0, 280.0, 220.0]),
        roi=roi,
        score=0.75,
        face_model=tiny_model,
        crop_size=SIZE,
    )


def test_vertices_are_the_model_s_in_the_image(face: Face, tiny_model: MorphableModel) -> None:
    crop = tiny_model.decode_vertices(face.params[None], size=SIZE)[0]
    scale = 200 / SIZE
    assert face.vertices.shape == (tiny_model.n_vertices, 3)
    assert face.vertices.dtype == np.float32
    assert np.allclose(face.vertices[:, 0], 100 + (crop[:, 0] + 0.5) * scale - 0.5, atol=1e-3)
    assert np.allclose(face.vertices[:, 1], 40 + (crop[:, 1] + 0.5) * scale - 0.5, atol=1e-3)
    assert np.allclose(face.vertices[:, 2], crop[:, 2] * scale, atol=1e-3)


def test_vertices_are_cached_once_for_all_threads(face: Face) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: face.vertices, range(32)))
    assert all(result is results[0] for result in results)
    assert not face.vertices.flags.writeable
    assert face.triangles is face.face_model.triangles


def test_is_frozen_and_slotted(face: Face) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        face.score = 1.0  # type: ignore[misc]
    assert not hasattr(face, "__dict__")
    assert "face_model" not in repr(face)


def test_survives_pickling_and_copying(
    face: Face, tiny_model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.morphable.registered_models._MODELS", {})
    register_face_model(tiny_model)  # pickles carry a face's numbers, not its model
    for other in (pickle.loads(pickle.dumps(face)), copy.deepcopy(face)):
        assert np.array_equal(other.vertices, face.vertices)
        assert other.roi == face.roi


def test_to_dict_is_json_with_units(face: Face) -> None:
    record = json.loads(json.dumps(face.to_dict(), allow_nan=False))
    assert record["score"] == 0.75
    assert record["box_xyxy_px"] == [120, 60, 280, 220]
    assert record["roi_xyxy_px"] == [100, 40, 300, 240]
    assert record["pose"]["yaw_deg"] == pytest.approx(0, abs=1e-4)
    assert record["pose"]["scale_px_per_unit"] == pytest.approx(face.pose.scale)
    assert np.allclose(record["pose"]["quaternion_wxyz"], [1, 0, 0, 0], atol=1e-4)
    assert np.allclose(record["pose"]["direction"], [0, 0, 1], atol=1e-4)
    assert np.allclose(record["pose"]["matrix"], face.pose.matrix)
    assert np.allclose(record["landmarks_px"], face.landmarks)
    assert np.allclose(record["params"], face.params)
    assert record["face_model"]["sha256"] == face.face_model.sha256


@pytest.mark.parametrize("suffix", [".glb", ".ply"])
def test_saves_with_and_without_colours(face: Face, tmp_path: Path, suffix: str) -> None:
    if not len(face.triangles):
        pytest.fail("tiny_model has no triangles")
    plain, coloured = tmp_path / f"plain{suffix}", tmp_path / f"coloured{suffix}"
    face.save(plain)
    face.save(coloured, np.full((300, 400, 3), 130, np.uint8))
    assert 0 < plain.stat().st_size < coloured.stat().st_size


def test_save_refuses_other_suffixes_and_images(face: Face, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        face.save(tmp_path / "face.fbx")
    with pytest.raises(InputError, match="GRAY2BGR"):
        face.save(tmp_path / "face.glb", np.zeros((300, 400), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_draws_on_a_copy(face: Face) -> None:
    image = np.full((300, 400, 3), 90, np.uint8)
    drawn = face.draw(image)
    assert drawn.shape == image.shape
    assert (image == 90).all()
    assert (drawn != image).any()
    with pytest.raises(InputError, match="GRAY2BGR"):
        face.draw(image[..., 0])
