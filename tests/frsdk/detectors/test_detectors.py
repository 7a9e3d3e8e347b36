"""Detectors, their boxes, and suppression."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.detectors import (
    BoxRule,
    YuNetDetector,
    detector_from_option,
    roi_from_box,
)
from frsdk.detectors.non_maximum_suppression import non_maximum_suppression
from frsdk.errors import BackendError, InputError


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def test_box_rule_scales_the_longer_side_and_moves_the_centre() -> None:
    roi = roi_from_box((10, 20, 50, 100), BoxRule(1.5, 0.1, -0.05))
    assert roi.side == pytest.approx(120)
    assert roi.x0 + 60 == pytest.approx(30 + 8)
    assert roi.y0 + 60 == pytest.approx(60 - 4)
    assert roi.roll_deg == 0


@pytest.mark.parametrize("box", [None, 3, (1, 2, 3), "face", (1, 2, 3, None)])
def test_what_is_no_box_is_one_line(box: Any) -> None:
    with pytest.raises(InputError, match="expected a box x0, y0, x1, y1, got"):
        roi_from_box(box)


def test_box_rule_turns_its_shift_with_the_face() -> None:
    roi = roi_from_box((0, 0, 100, 100), BoxRule(1.0, 0.0, 0.1), roll_deg=90)
    # Clockwise by 90 degrees, the chin points to the image's left.
    assert (roi.x0, roi.y0, roi.roll_deg) == pytest.approx((-10, 0, 90))


def test_suppression_keeps_the_best_of_each_group() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60], [3, 3, 7, 7]], float)
    scores = np.array([0.5, 0.9, 0.2, 0.8])
    assert non_maximum_suppression(boxes, scores, max_iou=0.5).tolist() == [1, 3, 2]
    covered = non_maximum_suppression(boxes, scores, max_iou=0.5, max_cover=0.7)
    assert covered.tolist() == [1, 2]


def test_suppression_of_nothing_and_of_equal_scores() -> None:
    assert non_maximum_suppression(np.empty((0, 4)), np.empty(0), max_iou=0.5).tolist() == []
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 4]], float)
    assert non_maximum_suppression(boxes, np.ones(2), max_iou=0.5).tolist() == [0]


def photo_faces(shared_data: Path, name: str) -> tuple[np.ndarray, list[tuple[float, ...]]]:
    photos = json.loads((shared_data / "photos" / "photos.json").read_text())["photos"]
    (photo,) = (each for each in photos if each["file"] == name)
    image = cv2.imread(str(shared_data / "photos" / name))
    assert image is not None
    return np.asarray(image), [tuple(face["box"]) for face in photo["faces"]]


PHOTOS = ["london_061_neutral.jpg", "trump_hillary.jpg", "afw_5106695994.jpg"]


@pytest.mark.parametrize("network", ["yunet_n_320.onnx", "yunet_s_320.onnx"])
@pytest.mark.parametrize("name", PHOTOS)
def test_yunet_finds_exactly_the_faces(shared_data: Path, name: str, network: str) -> None:
    image, truth = photo_faces(shared_data, name)
    found = YuNetDetector(shared_data / "detector" / network)(image)
    assert len(found) == len(truth)
    assert all(max(iou(face.box_xyxy, box) for face in found) > 0.5 for box in truth)
    assert [face.score for face in found] == sorted((f.score for f in found), reverse=True)


def test_yunet_on_images_of_extreme_shape(shared_data: Path) -> None:
    detect = YuNetDetector(shared_data / "detector" / "yunet_n_320.onnx")
    for shape in [(1, 1, 3), (2, 3000, 3), (700, 5, 3)]:
        assert detect(np.zeros(shape, np.uint8)) == []


def test_yunet_refuses_another_network(tiny_onnx: Path) -> None:
    with pytest.raises(BackendError, match="not a YuNet network"):
        YuNetDetector(tiny_onnx)


def test_detector_options() -> None:
    def mine(image: np.ndarray) -> list[object]:
        return []

    assert detector_from_option(mine, min_score=None) is mine
    with pytest.raises(InputError, match='expected detector "builtin"'):
        detector_from_option("haar", min_score=None)
    with pytest.raises(InputError, match='expected detector "builtin"'):
        detector_from_option(3, min_score=None)  # type: ignore[arg-type]
    with pytest.raises(BackendError, match="no such file"):
        detector_from_option("absent.onnx", min_score=None)
