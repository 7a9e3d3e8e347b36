"""The face model on its way into a browser."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest

from frsdk import FaceModelError, builtin_face_model
from frsdk.morphable.int8_basis import face_size
from frsdk.web.half_face_model import LARGEST_ERROR, half_face_model


def test_half_the_size_within_its_stated_error() -> None:
    model = builtin_face_model()
    content = half_face_model(model)
    with np.load(io.BytesIO(content)) as arrays:
        assert arrays["modes"].dtype == np.float16
        assert len(content) < 0.6 * model.basis.nbytes
        assert str(arrays["name"]) == model.name and str(arrays["sha256"]) == model.sha256
        np.testing.assert_array_equal(arrays["triangles"], model.triangles)
        stated = float(arrays["rounding_error"][0])
        basis = np.concatenate([arrays["mean"][None], arrays["modes"].astype(np.float32)])
    assert 0 < stated <= LARGEST_ERROR
    drawn = np.random.default_rng(7).normal(size=(8, 50)) * model.coefficient_std
    weights = np.concatenate([np.ones((8, 1)), drawn], axis=1)
    apart = (weights @ (basis.astype(np.float64) - model.basis)).reshape(8, -1, 3)
    largest = np.sqrt((apart**2).sum(axis=2)).max() / face_size(model)
    assert largest <= 1.5 * stated  # other faces than those it was measured on


def test_modes_beyond_half_precision_are_refused() -> None:
    model = builtin_face_model()
    scaled = dataclasses.replace(model, name="scaled", basis=model.basis * np.float32(1e5))
    with pytest.raises(FaceModelError, match="scaled: 16 bits would move vertices"):
        half_face_model(scaled)
