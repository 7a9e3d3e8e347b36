"""Faces turned in 3D that join the detector's stock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.export.detector.detector_profiling import with_turned_faces
from frsdk.export.detector.face_stock import TURNED_SOURCE, stock_of, usable_faces
from frsdk.morphable.morphable_model import builtin_face_model


def test_turned_faces_join_the_stock(faces_folder: Path) -> None:
    labels, crops = usable_faces(faces_folder, "train")
    crops = np.maximum(crops, 40)  # their photographs fill them
    stock = stock_of(labels, crops)
    larger = with_turned_faces(stock, labels, 8, seed=0, model=builtin_face_model())
    added = len(larger) - len(stock)
    assert 0 < added <= 8
    new = slice(len(stock), None)
    np.testing.assert_array_equal(larger.crops[: len(stock)], stock.crops)
    assert set(larger.source[new]) == {TURNED_SOURCE}
    assert (np.abs(larger.yaw_deg[new]) >= 39.0).all()
    assert larger.sampling.sum() == pytest.approx(1.0)
    middle = (larger.landmarks[new].min(axis=1) + larger.landmarks[new].max(axis=1)) / 2
    np.testing.assert_allclose(middle, 80.0, atol=1.5)  # the crop is cut around the turned face
    again = with_turned_faces(stock, labels, 8, seed=0, model=builtin_face_model())
    np.testing.assert_array_equal(again.crops, larger.crops)


def test_crops_with_black_or_with_neighbours_stay_as_they_are(faces_folder: Path) -> None:
    labels, crops = usable_faces(faces_folder, "train")
    crops = np.maximum(crops, 40)
    crops[:, :, :20] = 0
    stock = stock_of(labels, crops)
    assert with_turned_faces(stock, labels, 8, seed=0, model=builtin_face_model()) is stock
