"""Faces behind masks and the like in a detector's stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.detector.face_stock import COVERED_SOURCE, FaceStock, sampling_weights
from frsdk.export.detector.gather_faces import (
    StockSettings,
    load_detector_stock,
    with_covered_faces,
)


def test_covered_faces_join_the_stock(stock: FaceStock) -> None:
    larger = with_covered_faces(stock, 4, 0, {"helen": 0.5, COVERED_SOURCE: 0.5})
    assert len(larger) == 10 and (larger.source[6:] == COVERED_SOURCE).all()
    np.testing.assert_array_equal(larger.crops[:6], stock.crops)
    assert (larger.crops[6:] != stock.crops[0]).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(larger.landmarks[6], stock.landmarks[0])
    everyone = with_covered_faces(stock, 99, 0, {})
    assert len(everyone) == 12 and len(everyone.neighbours) == 2


def test_shares_are_those_that_were_asked_for(stock: FaceStock, faces_folder) -> None:  # type: ignore[no-untyped-def]
    source = np.array(["a", "a", "b", "c"])
    weight = sampling_weights(source, np.zeros(4), {"a": 0.6, "b": 0.3, "c": 0.1})
    np.testing.assert_allclose(weight, [0.3, 0.3, 0.3, 0.1])
    settings = StockSettings(covered=5)
    found = load_detector_stock([faces_folder, faces_folder], settings)
    assert len(found) == 29 and found.sampling.sum() == pytest.approx(1.0)
    with pytest.raises(InputError, match="no faces of nowhere"):
        load_detector_stock([faces_folder], replace(settings, shares={"nowhere": 0.5}))
