"""A basis in whole numbers is the same basis, or it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk import FaceModelError, MorphableModel, builtin_face_model
from frsdk.installation.builtin_weights import BUILTIN_WEIGHTS
from frsdk.morphable.compact_basis import compact_basis, full_basis, on_grid


def test_rows_on_a_grid_come_back_bit_by_bit() -> None:
    rng = np.random.default_rng(0)
    basis = on_grid(rng.normal(size=(4, 30)) * 50.0, 2.0**-7).astype(np.float32)
    basis[1], basis[2] = 0.0, basis[2] * 16.0
    made = compact_basis(basis)
    assert made is not None and set(made) == {"basis", "basis_step"}
    assert made["basis"].dtype == np.int16 and made["basis_step"].dtype == np.float32
    assert np.array_equal(full_basis(made, "x"), basis)
    assert made["basis_step"][2] >= 16.0 * 2.0**-7


def test_decimals_and_large_numbers_come_back_bit_by_bit() -> None:
    rng = np.random.default_rng(1)
    basis = np.round(rng.normal(size=(3, 300)) * [[60.0], [1.0], [0.01]], 4).astype(np.float32)
    made = compact_basis(basis)
    assert made is not None and set(made) == {"basis", "basis_high", "basis_step"}
    assert (made["basis_step"] == 1e-4).all()
    assert made["basis_high"][0].any() and not made["basis_high"][1:].any()
    back = full_basis(made, "x")
    assert back.dtype == np.float32 and np.array_equal(back, basis)


@pytest.mark.parametrize("row", [[0.1234567, 0.2, 0.3], [2.0**20, 2.0**-6, 0.0]])
def test_what_would_lose_is_refused(row: list[float]) -> None:
    assert compact_basis(np.array([row], np.float32)) is None


@pytest.mark.parametrize("weights", sorted(BUILTIN_WEIGHTS))
def test_a_compact_file_holds_the_same_model(tmp_path: Path, weights: str) -> None:
    model = builtin_face_model(weights)
    model.save(tmp_path / "compact.npz", compact=True)
    model.save(tmp_path / "plain.npz")
    compact = MorphableModel.load(tmp_path / "compact.npz")
    assert compact.sha256 == model.sha256 == MorphableModel.load(tmp_path / "plain.npz").sha256
    assert np.array_equal(compact.basis, model.basis)
    shipped = BUILTIN_WEIGHTS[weights].face_model
    assert shipped.read_bytes() == (tmp_path / "compact.npz").read_bytes()
    assert 2 * shipped.stat().st_size < (tmp_path / "plain.npz").stat().st_size


def test_a_model_off_any_grid_is_not_written(tmp_path: Path) -> None:
    model = builtin_face_model()
    fields = {name: getattr(model, name) for name in MorphableModel.__slots__ if name[0] != "_"}
    third = MorphableModel(**{**fields, "basis": model.basis / np.float32(3.0), "source": ""})
    with pytest.raises(FaceModelError, match="does not fit into whole numbers"):
        third.save(tmp_path / "a.npz", compact=True)
    assert not (tmp_path / "a.npz").exists()


def test_arrays_of_another_shape_are_named() -> None:
    low, step = np.zeros((51, 9), np.int16), np.ones(51, np.float32)
    with pytest.raises(FaceModelError, match="x: field basis_step"):
        full_basis({"basis": low, "basis_step": step[1:]}, "x")
    with pytest.raises(FaceModelError, match="x: field basis: expected rows of whole numbers"):
        full_basis({"basis": low * 0.5, "basis_step": step}, "x")
    with pytest.raises(FaceModelError, match="x: field basis_high"):
        full_basis({"basis": low, "basis_step": step, "basis_high": low[1:]}, "x")
    with pytest.raises(FaceModelError, match="x: field basis_high"):
        full_basis({"basis": low, "basis_step": step, "basis_high": low * 0.5}, "x")
