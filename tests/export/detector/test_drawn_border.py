"""Photographs are told from the border that labelling draws around them."""

from __future__ import annotations

import cv2
import numpy as np

from frsdk.export.detector.drawn_border import without_drawn_border

WHOLE = (0, 0, 160, 160)


def noisy(seed: int) -> np.ndarray:
    """A structured picture (160, 160, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (40, 40, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_CUBIC), np.uint8)


def with_border(picture: np.ndarray, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """A part of a picture, its mirror image around it blurred as labelling does."""
    part = picture[y0:y1, x0:x1]
    grown = cv2.copyMakeBorder(part, y0, 160 - y1, x0, 160 - x1, cv2.BORDER_REFLECT_101)
    soft = cv2.blur(grown, (61, 61))
    soft[y0:y1, x0:x1] = part
    return np.asarray(soft, np.uint8)


def test_a_drawn_border_is_left_out() -> None:
    for seed, edges in enumerate([(28, 22, 136, 130), (40, 30, 150, 140), (24, 45, 128, 125)]):
        found = without_drawn_border(with_border(noisy(seed), *edges), WHOLE)
        np.testing.assert_allclose(found, edges, atol=3)
        assert found[0] >= edges[0] and found[2] <= edges[2]


def test_a_picture_that_fills_its_crop_stays_whole() -> None:
    assert without_drawn_border(noisy(0), WHOLE) == WHOLE


def test_the_middle_stays_whatever_is_smooth() -> None:
    flat = np.full((160, 160, 3), 90, np.uint8)
    assert without_drawn_border(flat, WHOLE) == WHOLE
    flat[75:85, 75:85] = 200
    x0, y0, x1, y1 = without_drawn_border(flat, WHOLE)
    assert max(x0, y0) <= 50 and min(x1, y1) >= 110
