"""The morphable face model and its file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

from .face_model_fields import ARRAYS, fields

SIZE = 120


def random_params(n: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    params = random.normal(size=(n, 62))
    for row in params:
        rotation = rotation_from_angles(*random.uniform(-60, 60, 3)) * random.uniform(0.3, 0.8)
        translation = np.array([[60], [60], [0]]) + random.uniform(-20, 20, (3, 1))
        row[:12] = np.concatenate([rotation, translation], axis=1).reshape(-1)
    return params.astype(np.float32)


def test_decoding_is_the_formula_point_by_point(tiny_model: MorphableModel) -> None:
    params = random_params(3).astype(np.float64)
    basis = tiny_model.basis.astype(np.float64)
    decoded = tiny_model.decode_vertices(params, size=SIZE)
    assert decoded.shape == (3, tiny_model.n_vertices, 3)
    assert decoded.dtype == np.float32
    for row, points in zip(params, decoded, strict=True):
        matrix = row[:12].reshape(3, 4)
        for vertex in (0, 50, 168):
            columns = slice(3 * vertex, 3 * vertex + 3)
            point = basis[0, columns] + row[12:52] @ basis[1:41, columns]
            point = point + row[52:] @ basis[41:, columns]
            x, y, z = matrix[:, :3] @ point + matrix[:, 3]
            assert points[vertex] == pytest.approx((x, SIZE - 1 - y, z), abs=1e-3)


def test_landmarks_are_the_vertices_of_their_indices(tiny_model: MorphableModel) -> None:
    params = random_params(4)
    landmarks = tiny_model.decode_landmarks(params, size=SIZE)
    assert landmarks.shape == (4, 68, 3)
    vertices = tiny_model.decode_vertices(params, size=SIZE)
    assert np.allclose(landmarks, vertices[:, tiny_model.landmark_indices], atol=1e-3)
    assert tiny_model.landmark_basis.shape == (51, 204)
    assert tiny_model.landmark_basis.flags.c_contiguous


def test_a_batch_is_its_faces_one_by_one(tiny_model: MorphableModel) -> None:
    params = random_params(5)
    together = tiny_model.decode_vertices(params, size=SIZE)
    for row, points in zip(params, together, strict=True):
        assert np.allclose(tiny_model.decode_vertices(row[None], size=SIZE)[0], points, atol=1e-3)
    assert tiny_model.decode_vertices(params[:0], size=SIZE).shape == (0, 169, 3)


def test_writes_into_the_caller_s_array(tiny_model: MorphableModel) -> None:
    params = random_params(2)
    out = np.empty((2, 169, 3), np.float32)
    assert tiny_model.decode_vertices(params, size=SIZE, out=out) is out
    assert np.array_equal(out, tiny_model.decode_vertices(params, size=SIZE))
    for wrong in (out[:1], out.astype(np.float64)):
        with pytest.raises(InputError, match="expected out"):
            tiny_model.decode_vertices(params, size=SIZE, out=wrong)


def test_shapes_in_the_model_frame(tiny_model: MorphableModel) -> None:
    coefficients = np.zeros((2, 50))
    coefficients[1, 45] = 2.0
    shapes = tiny_model.shape_from_coefficients(coefficients)
    assert np.array_equal(shapes[0], tiny_model.mean)
    change = 2 * tiny_model.basis[46].reshape(-1, 3)
    assert np.allclose(shapes[1] - shapes[0], change, atol=1e-4)


@pytest.mark.parametrize("shape", [(62,), (2, 61), (1, 2, 62)])
def test_params_of_another_shape_are_refused(
    tiny_model: MorphableModel, shape: tuple[int, ...]
) -> None:
    for decode in (tiny_model.decode_vertices, tiny_model.decode_landmarks):
        with pytest.raises(InputError, match=r"expected params \(n, 62\)"):
            decode(np.zeros(shape, np.float32), size=SIZE)
    with pytest.raises(InputError, match=r"expected coefficients \(n, 50\)"):
        tiny_model.shape_from_coefficients(np.zeros(50, np.float32))


def test_arrays_are_copies_and_read_only(tiny_model: MorphableModel) -> None:
    values = fields(tiny_model)
    values["basis"] = values["basis"].copy()
    model = MorphableModel(**values)
    values["basis"][:] = 0
    assert model.basis.any()
    for name in (*ARRAYS, "landmark_basis", "mean"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(model, name)[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.name = "other"  # type: ignore[misc]


def test_digest_follows_names_and_numbers_only(tiny_model: MorphableModel) -> None:
    values = fields(tiny_model)
    assert MorphableModel(**values).sha256 == tiny_model.sha256
    assert len(tiny_model.sha256) == 64
    assert MorphableModel(**{**values, "licence": "x", "source": "y"}).sha256 == tiny_model.sha256
    digests = {tiny_model.sha256, MorphableModel(**{**values, "name": "other"}).sha256}
    for name in ("basis", "coefficient_std", "uv"):
        changed = values[name].copy()
        changed.flat[7] += 0.25
        digests.add(MorphableModel(**{**values, name: changed}).sha256)
    digests.add(MorphableModel(**{**values, "triangles": values["triangles"][:-1]}).sha256)
    digests.add(MorphableModel(**{**values, "mirror": []}).sha256)
    assert len(digests) == 7


def test_a_model_of_landmarks_only(tiny_model: MorphableModel, tmp_path: Path) -> None:
    values = fields(tiny_model)
    values.update(triangles=np.empty((0, 3), int), uv=np.empty((0, 2)), mirror=[])
    model = MorphableModel(**values)
    model.save(tmp_path / "a.npz")
    again = MorphableModel.load(tmp_path / "a.npz")
    assert again.triangles.shape == (0, 3)
    assert (again.triangles.dtype, again.uv.dtype, again.mirror.dtype) == ("i4", "f4", "i4")
    assert again.sha256 == model.sha256


def test_built_in_model() -> None:
    model = builtin_face_model()
    assert model is builtin_face_model()
    assert len(model.triangles) > 0
    eyes = model.mean[model.landmark_indices[[36, 45]]]
    # x to the image's right, y up, z toward the camera; outer eye corners 90 apart.
    assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(90, rel=0.02)
    assert eyes[1, 0] > eyes[0, 0]
    nose, chin = model.mean[model.landmark_indices[[30, 8]]]
    assert nose[2] > eyes[:, 2].max()
    assert chin[1] < nose[1] < eyes[:, 1].min()
