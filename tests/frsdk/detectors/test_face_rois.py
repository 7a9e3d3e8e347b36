"""From the caller's or a detector's boxes to squares."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.detectors import DEFAULT_BOX_RULE, BoxRule, Detection, YuNetDetector, roi_from_box
from frsdk.detectors.face_rois import targets_from_boxes, targets_from_detector, targets_from_rois
from frsdk.errors import InputError
from frsdk.imaging.face_crop import crop_face
from frsdk.imaging.roi import Roi

IMAGE = np.zeros((50, 70, 3), np.uint8)
# Every magnitude that a float has, and the image's own edges.
NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 50.0, 70.0])


def found_by(found: Any) -> list[Any]:
    return targets_from_detector(lambda image: found, IMAGE, min_score=None)


def test_boxes_become_squares_by_the_default_rule() -> None:
    (target,) = targets_from_boxes([(10, 5, 30, 45)], IMAGE)
    assert target.roi == roi_from_box((10, 5, 30, 45), DEFAULT_BOX_RULE)
    assert target.roi.side == pytest.approx(40 * DEFAULT_BOX_RULE.scale)
    assert (target.box_xyxy, target.score) == ((10, 5, 30, 45), 1.0)


def test_rois_stay_as_they_are() -> None:
    turned = Roi(5, 6, 20, 30)
    targets = targets_from_rois([turned, (1, 2, 21, 22), np.array([0.5, 0.5, 9, 9])], IMAGE)
    assert [target.roi for target in targets] == [turned, Roi(1, 2, 20), Roi(0.5, 0.5, 8.5)]
    assert all(target.box_xyxy is None for target in targets)


@given(st.lists(NUMBER, min_size=4, max_size=4))
def test_any_numbers_give_a_crop_or_a_named_error(numbers: list[float]) -> None:
    for name, make in (("boxes", targets_from_boxes), ("rois", targets_from_rois)):
        try:
            (target,) = make([numbers], IMAGE)
        except InputError as error:
            assert str(error).startswith(f"{name}[0]: ")
            assert "\n" not in str(error)
        else:
            assert crop_face(IMAGE, target.roi, 40).shape == (40, 40, 3)


def test_extreme_corners_give_a_crop_or_a_named_error() -> None:
    numbers = (-1e308, -2e9, -9e8, -1.0, 1e-300, 10.0, 49.9, 9e8, 1e155, 1.7e308)
    for box in itertools.product(numbers, repeat=4):
        try:
            (target,) = targets_from_boxes([box], IMAGE)
        except InputError as error:
            assert str(error).startswith("boxes[0]: ")
        else:
            assert crop_face(IMAGE, target.roi, 8).shape == (8, 8, 3)
    with pytest.raises(InputError, match=r"rois\[0\]: expected coordinates within 1e9 px"):
        targets_from_rois([Roi(-1e12, -1e12, 1e13)], IMAGE)


def test_detections_use_the_detector_s_rule() -> None:
    class Mine:
        box_rule = BoxRule(2.0, 0.1, -0.2)

        def __call__(self, image: np.ndarray) -> list[Detection]:
            return [Detection((10, 10, 20, 20), 0.7, roll_deg=90)]

    (target,) = targets_from_detector(Mine(), IMAGE, min_score=0.7)
    assert target.roi == roi_from_box((10, 10, 20, 20), Mine.box_rule, roll_deg=90)
    assert target.score == 0.7
    assert targets_from_detector(Mine(), IMAGE, min_score=0.71) == []


@pytest.mark.parametrize(
    ("found", "match"),
    [
        (None, "expected a list of frsdk.Detection from the detector, got NoneType"),
        ([(1, 2, 3, 4)], "detection 0: expected a frsdk.Detection, got tuple"),
        ([Detection((0, 0, 9, 9), math.nan)], "detection 0: expected score as a finite"),
        ([Detection((0, 0, 9, 9), 0.5, math.inf)], "detection 0: expected roll_deg as a finite"),
        ([Detection((0, 0, 9, 9), 0.5), Detection((9, 0, 3, 9), 0.5)], "detection 1: expected x1"),
        ([Detection((80, 0, 90, 9), 0.5)], "detection 0: .* lies outside"),
    ],
)
def test_what_a_detector_must_not_return(found: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        found_by(found)


def test_yunet_finds_nothing_beside_the_image(shared_data: Path) -> None:
    """The letterbox is larger than the image: a box of its black part would be outside."""
    detect = YuNetDetector(shared_data / "detector" / "yunet_n_320.onnx", min_score=0.0)
    noise = np.random.default_rng(0).integers(0, 256, (40, 300, 3), np.uint8)
    found = detect(noise)
    assert found
    assert all(x1 > 0 and y1 > 0 for (_, _, x1, y1) in (face.box_xyxy for face in found))
    assert all(x0 < 300 and y0 < 40 for (x0, y0, _, _) in (face.box_xyxy for face in found))
    targets = targets_from_detector(detect, noise, min_score=None)
    assert len(targets) == len(found)
