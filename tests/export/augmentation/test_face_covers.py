"""Painted masks and the like: they cover what they should and leave the rest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.augmentation import augment_crop
from frsdk.export.augmentation.augment_crop import Augmenter, AugmentSettings
from frsdk.export.augmentation.covers.cover_cloth import cloth
from frsdk.export.augmentation.covers.face_covers import (
    DETECTOR_COVERS,
    NETWORK_COVERS,
    covered,
    masked,
)
from frsdk.export.datasets.face_labels import MARGIN, stored_from_crop_frame
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.export.training.training_defaults import TrainConfig
from frsdk.morphable.morphable_model import builtin_face_model

from ..mean_landmarks import mean_landmarks

BLACK = np.array([20.0, 20.0, 20.0])
Drawn = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def drawn() -> Drawn:
    """A light ellipse on grey, and its (68, 2) landmarks."""
    crop = np.full((160, 160, 3), 90, np.uint8)
    cv2.ellipse(crop, (80, 76), (38, 52), 0, 0, 360, (230,) * 3, -1)
    return crop, mean_landmarks()[:, :2] * (0.5, -0.5) + (80.0, 76.0)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(160, 160) where two crops differ."""
    return np.asarray((before.astype(int) != after).any(axis=2))


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_covers_mouth_and_chin_and_leaves_the_eyes(drawn: Drawn, seed: int) -> None:
    crop, landmarks = drawn
    after = masked(crop, landmarks, np.random.default_rng(seed), BLACK)
    painted = changed(crop, after)
    x, y = landmarks.astype(int).T
    assert painted[y[48:68], x[48:68]].all() and painted[y[7:10] - 2, x[7:10]].all()
    assert after[y[62], x[62]].max() < 60  # black cloth where the mouth was
    assert not painted[y[36:48], x[36:48]].any() and not painted[: y[17:27].min()].any()


def test_covers_are_of_many_kinds_and_the_same_again(drawn: Drawn) -> None:
    crop, landmarks = drawn
    x, y = landmarks.astype(int).T
    eyes = mouths = brows = 0
    for seed in range(60):
        before = crop.copy()
        after = covered(crop, landmarks, np.random.default_rng(seed), DETECTOR_COVERS)
        np.testing.assert_array_equal(crop, before)
        np.testing.assert_array_equal(
            after, covered(crop, landmarks, np.random.default_rng(seed), DETECTOR_COVERS)
        )
        painted = changed(crop, after)
        assert 0.002 < painted.mean() < 0.6
        eyes += bool(painted[y[36:48], x[36:48]].all())
        mouths += bool(painted[y[60:68], x[60:68]].all())
        brows += bool(painted[y[19] - 20, x[19]] and not painted[y[62], x[62]])
    assert mouths > 25 and eyes >= 3 and brows >= 2


def test_a_face_at_the_edge_is_covered_too(drawn: Drawn) -> None:
    crop, landmarks = drawn
    for seed in range(20):
        covered(crop, landmarks + 70.0, np.random.default_rng(seed), NETWORK_COVERS)


def test_cloth_of_a_colour_has_it() -> None:
    piece = cloth((40, 50), np.random.default_rng(0), BLACK, size=30.0)
    assert piece.shape == (40, 50, 3) and abs(float(piece.mean()) - 20.0) < 2.0


def test_bars_and_shade_are_among_the_covers_of_a_network(drawn: Drawn) -> None:
    crop, landmarks = drawn
    extra = [kind for kind in NETWORK_COVERS if kind not in DETECTOR_COVERS]
    assert len(extra) == 2
    for kind in extra:
        after = kind(crop, landmarks, np.random.default_rng(1))
        assert 0.1 < changed(crop, after).mean() < 0.95


def test_a_share_of_a_batch_is_covered_by_its_own_landmarks() -> None:
    """Covered faces are told, their labels are as before, and the paint lies on the face."""
    quiet = AugmentSettings(0, 0, 1e-6, 0, 0, 0, 0, 0, 0, covers=0.5)
    basis = landmark_basis_of(builtin_face_model())
    params = np.zeros((64, 62))
    params[:, [0, 5, 10]] = 55.0 / np.ptp(basis.mean[:, 1])
    params[:, [3, 7]] = 59.5
    crops = np.full((64, 160, 160, 3), 150, np.uint8)
    found = Augmenter(basis, quiet)(crops, params.copy(), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    plain = Augmenter(basis, AugmentSettings(0, 0, 1e-6, 0, 0, 0, 0, 0, 0))(
        crops, params.copy(), rng
    )
    np.testing.assert_array_equal(found.params, plain.params)
    assert not plain.covered.any() and 16 <= found.covered.sum() <= 48
    spread = found.crops.reshape(64, -1, 3).astype(float).std(axis=1).max(axis=1)
    assert (spread[found.covered] > 2.0).all() and (spread[~found.covered] == 0.0).all()


def test_covers_lie_where_the_labels_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mask hides the labels' mouth and leaves their eyes, whatever way the face lies."""
    monkeypatch.setattr(augment_crop, "NETWORK_COVERS", {masked: 1.0})
    basis = landmark_basis_of(builtin_face_model())
    params = np.zeros((8, 62))
    params[:, [0, 5, 10]] = 55.0 / np.ptp(basis.mean[:, 1])
    params[:, [3, 7]] = 59.5
    params[:, 7] += np.linspace(-12, 12, 8)  # some lie higher
    crops = np.full((8, 160, 160, 3), 150, np.uint8)
    found = Augmenter(basis, AugmentSettings(0, 0, 1e-6, 0, 0, 0, 0, 0, 0, covers=1.0))(
        crops, params, np.random.default_rng(0)
    )
    assert found.covered.all()
    for crop, row in zip(found.crops, found.params, strict=True):
        stored = stored_from_crop_frame(basis.decode(row[None])[0])
        x, y = np.round(stored[:, :2].T - MARGIN).astype(int)
        painted = (crop != crop[2, 2]).any(axis=2)
        assert painted[y[48:68], x[48:68]].mean() > 0.9 and not painted[y[36:48], x[36:48]].any()


def test_the_share_of_covers_is_checked() -> None:
    with pytest.raises(InputError, match="covers: expected 0 to 1"):
        TrainConfig(covers=-0.1)
