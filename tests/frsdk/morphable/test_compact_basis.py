"""A basis in 16 bits is the same basis, or it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk import FaceModelError, MorphableModel, builtin_face_model
from frsdk.morphable.compact_basis import compact_basis, full_basis, on_grid


def test_rows_on_a_grid_come_back_bit_by_bit() -> None:
    rng = np.random.default_rng(0)
    basis = on_grid(rng.normal(size=(4, 30)) * 50.0, 2.0**-7).astype(np.float32)
    basis[1], basis[2] = 0.0, basis[2] * 16.0
    made = compact_basis(basis)
    assert made is not None and made[0].dtype == np.int16
    assert np.array_equal(full_basis(*made, "x"), basis)
    assert made[1][2] >= 16.0 * 2.0**-7


@pytest.mark.parametrize("row", [[0.1, 0.2, 0.3], [2.0**20, 2.0**-6, 0.0]])
def test_what_would_lose_is_refused(row: list[float]) -> None:
    assert compact_basis(np.array([row], np.float32)) is None


def test_a_compact_file_holds_the_same_model(tmp_path: Path) -> None:
    model = builtin_face_model()
    with pytest.raises(FaceModelError, match="does not fit into 16 bits"):
        model.save(tmp_path / "a.npz", compact=True)
    assert not (tmp_path / "a.npz").exists()
    fields = {name: getattr(model, name) for name in MorphableModel.__slots__ if name[0] != "_"}
    basis = on_grid(model.basis.astype(np.float64), 2.0**-6).astype(np.float32)
    rounded = MorphableModel(**{**fields, "basis": basis, "source": ""})
    rounded.save(tmp_path / "b.npz", compact=True)
    rounded.save(tmp_path / "c.npz")
    again = MorphableModel.load(tmp_path / "b.npz")
    assert again.sha256 == rounded.sha256 == MorphableModel.load(tmp_path / "c.npz").sha256
    assert 3 * (tmp_path / "b.npz").stat().st_size < (tmp_path / "c.npz").stat().st_size


def test_steps_of_another_shape_are_named(tmp_path: Path) -> None:
    with pytest.raises(FaceModelError, match="x: field basis_step"):
        full_basis(np.zeros((51, 9), np.int16), np.ones(50, np.float32), "x")
