"""Blending: where a piece lands, and what owns a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.export.detector.paste_picture import Placement, ellipse_mask, paste, rectangle_mask

FULL = np.ones((40, 40), np.float32)


def white_dot() -> np.ndarray:
    piece = np.zeros((40, 40, 3), np.uint8)
    piece[8:16, 24:32] = 255  # centre (28, 12) on the continuous plane
    return piece


@pytest.mark.parametrize("scale", [0.3, 0.5, 1.0, 2.7])
@pytest.mark.parametrize("roll_rad", [0.0, 0.5, -2.0])
def test_points_move_with_the_pixels(scale: float, roll_rad: float) -> None:
    scene = np.zeros((200, 200, 3), np.uint8)
    owner = np.zeros((200, 200), np.int16)
    place = Placement.about(np.array([20.0, 20.0]), np.array([101.3, 97.6]), scale, roll_rad)
    assert place.moved(np.array([20.0, 20.0])) == pytest.approx([101.3, 97.6])
    paste(scene, owner, white_dot(), FULL, place, 7)
    weight = scene[..., 0].astype(float)
    y, x = np.mgrid[:200, :200] + 0.5
    centroid = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    assert centroid == pytest.approx(place.moved(np.array([28.0, 12.0])), abs=0.12)
    assert (owner == 7).sum() == pytest.approx((40 * scale) ** 2, rel=0.12)


def test_a_piece_outside_the_scene_changes_nothing() -> None:
    scene, owner = np.full((50, 50, 3), 9, np.uint8), np.zeros((50, 50), np.int16)
    place = Placement.about(np.array([20.0, 20.0]), np.array([-300.0, 20.0]), 1.0, 0.0)
    paste(scene, owner, white_dot(), FULL, place, 1)
    assert (scene == 9).all() and not owner.any()


def test_masks_fall_off_toward_their_edge() -> None:
    hard = rectangle_mask((30, 20), 0.0)
    assert hard.shape == (20, 30) and (hard == 1).all()
    soft = rectangle_mask((30, 20), 8.0)
    assert soft[10, 15] == 1 and soft[0, 0] < 0.01 and soft[10, 2] == pytest.approx(2.5 / 8)
    oval = ellipse_mask((40, 40), np.array([20.0, 20.0]), np.array([10.0, 15.0]), 0.0, 0.2)
    assert oval[20, 20] == 1 and oval[20, 33] == 0 and oval[33, 20] > 0.5
    turned = ellipse_mask((40, 40), np.array([20.0, 20.0]), np.array([10.0, 15.0]), np.pi / 2, 0.2)
    np.testing.assert_allclose(turned[20:], oval.T[20:], atol=1e-5)
