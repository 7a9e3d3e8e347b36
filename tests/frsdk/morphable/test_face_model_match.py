"""When coefficients of one face model have the same meaning in another file."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.errors import SpecError
from frsdk.morphable.face_model_match import check_fits, fits, reference_to
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.specs.model_spec import FaceModelRef


def with_basis(basis: np.ndarray, landmarks: np.ndarray) -> MorphableModel:
    return MorphableModel(
        name="another",
        basis=basis,
        coefficient_std=np.ones(50, np.float32),
        landmark_indices=landmarks,
        triangles=np.zeros((0, 3), np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
    )


def test_the_landmarks_alone_stand_for_the_surface() -> None:
    whole = builtin_face_model()
    sparse = with_basis(whole.landmark_basis, np.arange(68))
    assert sparse.sha256 != whole.sha256
    assert fits(whole, reference_to(sparse)) and fits(sparse, reference_to(whole))


def test_rounding_is_no_other_model_but_a_change_is() -> None:
    whole = builtin_face_model()
    rows, wanted = whole.landmark_basis.astype(np.float64), reference_to(whole)
    noise = np.random.default_rng(0).normal(size=rows.shape)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    assert fits(with_basis(rows + 1e-7 * size * noise, np.arange(68)), wanted)
    turned = rows.copy()
    turned[50] *= -1.0
    swapped = rows.copy()
    swapped[[1, 2]] = swapped[[2, 1]]
    for basis in (rows + 1e-3 * size * noise, turned, swapped, rows * 1.01):
        assert not fits(with_basis(basis, np.arange(68)), wanted)


def test_a_reference_without_signature_takes_the_digest_only() -> None:
    whole = builtin_face_model()
    old = FaceModelRef(whole.name, whole.sha256, whole.n_vertices)
    assert fits(whole, old)
    sparse = with_basis(whole.landmark_basis, np.arange(68))
    assert not fits(sparse, old)
    with pytest.raises(SpecError, match=r"^net\.onnx is for face model .* pass face_model="):
        check_fits(sparse, old, "net.onnx")
