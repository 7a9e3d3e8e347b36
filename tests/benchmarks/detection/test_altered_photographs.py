"""Photographs with painted masks and glasses, and rolled ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from frsdk.benchmarks.detection.altered_photographs import altered, rolled
from frsdk.benchmarks.detection.held_out_scenes import Picture
from frsdk.export.detector.detector_labels import face_boxes

from ...export.mean_landmarks import mean_landmarks

FACE = mean_landmarks()[:, :2] * (0.5, -0.5) + (110.0, 90.0)


@pytest.fixture
def photograph() -> Picture:
    """A light face in a grey picture, and something to ignore at the lower right."""
    image = np.full((160, 240, 3), 120, np.uint8)
    cv2.ellipse(image, (110, 90), (38, 52), 0, 0, 360, (210, 220, 230), -1)
    ignored = np.array([[180.0, 100.0, 200.0, 130.0]])
    unknown = np.full((1, 68, 2), np.nan)
    return Picture("p", image, face_boxes(FACE[None]), ignored, np.array([np.nan]), unknown)


@pytest.mark.parametrize("roll_deg", [-60.0, 30.0, 90.0])
def test_boxes_go_with_a_rolled_photograph(photograph: Picture, roll_deg: float) -> None:
    turned = rolled(photograph, [FACE], roll_deg)
    angle = np.radians(abs(roll_deg))
    width, height = 240, 160
    wanted = (height * np.cos(angle) + width * np.sin(angle),
              width * np.cos(angle) + height * np.sin(angle))  # fmt: skip
    np.testing.assert_allclose(turned.image.shape[:2], wanted, atol=1)
    (box,) = turned.faces
    x, y = ((box[:2] + box[2:]) / 2).astype(int)
    assert turned.image[y, x].min() > 190
    assert (turned.ignored[0, 2:] > turned.ignored[0, :2]).all()
    assert (turned.ignored[0, :2] >= 0).all() and (turned.ignored[0, 2:] <= wanted[::-1]).all()


def test_photographs_are_altered_in_six_ways(photograph: Picture) -> None:
    sets = dict(altered([photograph]))
    masks = ["black masks", "light blue masks", "sunglasses"]
    assert list(sets) == [*masks, "rolled 30", "rolled 45", "rolled 60"]
    assert [len(pictures) for pictures in sets.values()] == [1, 1, 1, 2, 2, 2]
    for name in masks:
        (picture,) = sets[name]
        painted = (picture.image != photograph.image).any(axis=2)
        assert 0.01 < painted.mean() < 0.3
        np.testing.assert_array_equal(picture.faces, photograph.faces)
    black = sets["black masks"][0].image
    assert (black.max(axis=2) < 60).sum() > 300
