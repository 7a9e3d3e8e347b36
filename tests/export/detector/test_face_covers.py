"""Painted masks and the like: they cover what they should and leave the eyes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.detector.covers.cover_cloth import cloth
from frsdk.export.detector.covers.face_covers import covered, masked
from frsdk.export.detector.face_stock import COVERED_SOURCE, FaceStock, sampling_weights
from frsdk.export.detector.gather_faces import (
    StockSettings,
    load_detector_stock,
    with_covered_faces,
)

BLACK = np.array([20.0, 20.0, 20.0])


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(160, 160) where two crops differ."""
    return np.asarray((before.astype(int) != after).any(axis=2))


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_covers_mouth_and_chin_and_leaves_the_eyes(stock: FaceStock, seed: int) -> None:
    crop, landmarks = stock.crops[0], stock.landmarks[0]
    after = masked(crop, landmarks, np.random.default_rng(seed), BLACK)
    painted = changed(crop, after)
    x, y = landmarks.astype(int).T
    assert painted[y[48:68], x[48:68]].all() and painted[y[7:10] - 2, x[7:10]].all()
    assert after[y[62], x[62]].max() < 60  # black cloth where the mouth was
    assert not painted[y[36:48], x[36:48]].any() and not painted[: y[17:27].min()].any()


def test_covers_are_of_many_kinds_and_the_same_again(stock: FaceStock) -> None:
    crop, landmarks = stock.crops[0], stock.landmarks[0]
    x, y = landmarks.astype(int).T
    eyes = mouths = brows = 0
    for seed in range(60):
        before = crop.copy()
        after = covered(crop, landmarks, np.random.default_rng(seed))
        np.testing.assert_array_equal(crop, before)
        np.testing.assert_array_equal(after, covered(crop, landmarks, np.random.default_rng(seed)))
        painted = changed(crop, after)
        assert 0.002 < painted.mean() < 0.6
        eyes += bool(painted[y[36:48], x[36:48]].all())
        mouths += bool(painted[y[60:68], x[60:68]].all())
        brows += bool(painted[y[19] - 20, x[19]] and not painted[y[62], x[62]])
    assert mouths > 25 and eyes >= 3 and brows >= 2


def test_a_face_at_the_edge_is_covered_too(stock: FaceStock) -> None:
    for seed in range(20):
        covered(stock.crops[0], stock.landmarks[0] + 70.0, np.random.default_rng(seed))


def test_cloth_of_a_colour_has_it() -> None:
    piece = cloth((40, 50), np.random.default_rng(0), BLACK, size=30.0)
    assert piece.shape == (40, 50, 3) and abs(float(piece.mean()) - 20.0) < 2.0


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
