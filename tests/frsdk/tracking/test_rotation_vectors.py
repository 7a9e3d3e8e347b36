"""Rotation vectors against OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from frsdk.tracking.rotation_vectors import rotation_from_vector, vector_from_rotation


@pytest.mark.parametrize("angle", [0.0, 1e-13, 1e-7, 0.01, 1.0, 1.5, 1.6, 2.5, 3.1])
def test_there_and_back_as_opencv_has_it(angle: float) -> None:
    axes = np.random.default_rng(0).normal(size=(20, 3))
    for axis in axes / np.linalg.norm(axes, axis=1, keepdims=True):
        vector = axis * angle
        rotation = rotation_from_vector(*vector.tolist())
        np.testing.assert_allclose(rotation, cv2.Rodrigues(vector)[0], atol=1e-12)
        np.testing.assert_allclose(vector_from_rotation(rotation), vector, atol=1e-9)
