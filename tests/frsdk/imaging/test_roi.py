"""Squares, and the way between their crop's pixels and the photograph's."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frsdk.errors import InputError
from frsdk.imaging.roi import (
    Roi,
    image_from_crop_points,
    roi_from_landmarks,
    roll_from_landmarks,
)

ROIS = st.builds(
    Roi,
    st.floats(-500, 2000),
    st.floats(-500, 2000),
    st.floats(1, 3000),
    st.floats(-180, 180),
)
SIZES = st.integers(8, 256)


def mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_crop_pixels_are_half_pixel_exact() -> None:
    roi, size = Roi(10.0, -4.5, 300.0), 120
    i = np.arange(size, dtype=float)
    points = mapped(roi.image_from_crop(size), np.stack([i, i], axis=1))
    assert np.allclose(points[:, 0], 10.0 + (i + 0.5) * 300 / 120 - 0.5, atol=1e-9)
    assert np.allclose(points[:, 1], -4.5 + (i + 0.5) * 300 / 120 - 0.5, atol=1e-9)


def test_a_roi_of_the_crop_s_own_size_maps_pixels_onto_pixels() -> None:
    matrix = Roi(7, 9, 120).image_from_crop(120)
    assert np.allclose(matrix, [[1, 0, 7], [0, 1, 9]])


@given(ROIS, SIZES)
def test_to_the_image_and_back_is_nothing(roi: Roi, size: int) -> None:
    points = np.random.default_rng(0).uniform(-size, 2 * size, (20, 2))
    there = mapped(roi.image_from_crop(size), points)
    assert np.allclose(mapped(roi.crop_from_image(size), there), points, atol=1e-6)


@given(ROIS, SIZES)
def test_corners_centre_and_lengths(roi: Roi, size: int) -> None:
    matrix = roi.image_from_crop(size)
    # On the continuous plane: the crop's middle is the square's middle, whatever the turn.
    middle = mapped(matrix, np.array([[(size - 1) / 2, (size - 1) / 2]]))[0] + 0.5
    assert middle == pytest.approx((roi.x0 + roi.side / 2, roi.y0 + roi.side / 2), abs=1e-6)
    edge = mapped(matrix, np.array([[-0.5, -0.5], [size - 0.5, -0.5]]))
    along = edge[1] - edge[0]
    assert math.hypot(*along) == pytest.approx(roi.side)
    # y points down, so a clockwise turn takes x toward y.
    angle = math.radians(roi.roll_deg)
    assert along / roi.side == pytest.approx((math.cos(angle), math.sin(angle)), abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.floats(120, 220), st.floats(120, 220), st.floats(40, 160), st.floats(-60, 60), SIZES)
def test_warping_a_gradient_reads_off_the_mapping(
    x0: float, y0: float, side: float, roll_deg: float, size: int
) -> None:
    y, x = np.mgrid[:500, :500].astype(np.float32)
    roi = Roi(x0, y0, side, roll_deg)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(np.dstack([x, y]), roi.image_from_crop(size), (size, size), flags=flags)
    j, i = np.mgrid[:size, :size]
    points = mapped(roi.image_from_crop(size), np.stack([i, j], axis=-1).reshape(-1, 2))
    # OpenCV samples at 1/32 px.
    assert np.abs(crop.reshape(-1, 2) - points).max() < 1 / 16


@given(ROIS, SIZES)
def test_points_keep_their_shape_and_depth_is_scaled(roi: Roi, size: int) -> None:
    points = np.random.default_rng(1).uniform(0, size, (2, 5, 3))
    out = image_from_crop_points(points, roi, size)
    assert out.shape == points.shape
    assert np.allclose(out[..., 2], points[..., 2] * roi.side / size)
    assert np.allclose(out[1, :, :2], mapped(roi.image_from_crop(size), points[1, :, :2]))
    # A similarity: distances in space scale alike.
    crop, image = points[0, 1:] - points[0, :-1], out[0, 1:] - out[0, :-1]
    lengths = np.linalg.norm(crop, axis=1) * roi.side / size
    assert np.allclose(np.linalg.norm(image, axis=1), lengths, rtol=1e-6)


def test_roi_of_landmarks_is_3ddfa_s_square() -> None:
    points = np.random.default_rng(2).uniform(0, 1, (68, 2)) * (50, 80) + (100, 200)
    points[0], points[1] = (100, 200), (150, 280)
    roi = roi_from_landmarks(points)
    side = 80 * math.sqrt(2)
    # The points' box has its middle at pixel (125, 240), which is 125.5, 240.5 on the plane.
    assert (roi.x0, roi.y0, roi.side) == pytest.approx((125.5 - side / 2, 240.5 - side / 2, side))
    assert roi.roll_deg == 0
    assert roi_from_landmarks(np.c_[points, np.zeros(68)]) == roi


@given(st.floats(-170, 170))
def test_the_roi_turns_with_the_landmarks(roll_deg: float) -> None:
    points = np.random.default_rng(3).uniform(0, 1, (68, 2)) * (50, 80) + (100, 200)
    upright = roi_from_landmarks(points)
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = roi_from_landmarks(points @ turn.T, roll_deg=roll_deg)
    assert turned.side == pytest.approx(upright.side)
    assert turned.roll_deg == roll_deg
    middle = np.array([upright.x0, upright.y0]) + upright.side / 2 - 0.5
    moved = np.array([turned.x0, turned.y0]) + turned.side / 2 - 0.5
    assert moved == pytest.approx(turn @ middle)


@given(st.floats(-170, 170))
def test_roll_of_landmarks(roll_deg: float) -> None:
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (30, 40), (70, 40)
    points[48], points[54] = (38, 80), (62, 80)
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    assert roll_from_landmarks(points @ turn.T) == pytest.approx(roll_deg, abs=1e-6)


def test_shared_labels_have_the_nominal_roi(shared_data) -> None:
    with np.load(shared_data / "faces" / "val.npz") as labels:
        landmarks, sides = labels["lmk68"], labels["roi_side"]
    for points, side in zip(landmarks[::50], sides[::50], strict=True):
        roi = roi_from_landmarks(points)
        # Pixels 20..139 of the 160 crop, but that the labels' makers took the points' pixel
        # centres for the plane: half a pixel of the photograph less.
        half = 0.5 * 120 / side
        assert (roi.x0, roi.y0, roi.side) == pytest.approx((20 + half, 20 + half, 120), abs=0.05)


def test_from_xyxy_takes_squares_only() -> None:
    assert Roi.from_xyxy((1, 2, 101, 102)) == Roi(1, 2, 100)
    assert Roi.from_xyxy(np.array([1, 2, 101, 102.8])) == Roi(1, 2, 100.4)
    assert Roi.from_xyxy((0, 0, 3, 3.5)).side == 3.25
    assert Roi(1, 2, 100).xyxy == (1, 2, 101, 102)
    for xyxy in [(0, 0, 100, 102), (0, 0, 100, 50), (0, 0, float("nan"), 4)]:
        with pytest.raises(InputError, match="square"):
            Roi.from_xyxy(xyxy)
    with pytest.raises(InputError, match="positive side"):
        Roi.from_xyxy((5, 5, 1, 1))


@pytest.mark.parametrize(
    "numbers",
    [
        (0, 0, 0),
        (0, 0, -3),
        (math.nan, 0, 1),
        (0, math.inf, 1),
        (0, 0, math.inf),
        (0, 0, 1, math.nan),
    ],
)
def test_impossible_squares_are_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="a ROI needs"):
        Roi(*numbers)


@pytest.mark.parametrize("xyxy", [(1, 2, 3), (1, 2, 3, 4, 5), "abcd", None, np.ones((5, 4))])
def test_what_is_not_four_numbers_is_refused(xyxy: Any) -> None:
    with pytest.raises(InputError, match="four numbers x0, y0, x1, y1") as caught:
        Roi.from_xyxy(xyxy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 2), (68,), (68, 1), (67, 2), (2, 68, 2)])
def test_landmarks_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"expected landmarks \(68, 2 or 3\)"):
        roi_from_landmarks(np.ones(shape))
    with pytest.raises(InputError, match=r"expected landmarks \(68, 2 or 3\)"):
        roll_from_landmarks(np.ones(shape))


def test_landmarks_without_extent_are_refused() -> None:
    for points in (np.zeros((68, 2)), np.full((68, 2), np.nan)):
        with pytest.raises(InputError):
            roi_from_landmarks(points)
