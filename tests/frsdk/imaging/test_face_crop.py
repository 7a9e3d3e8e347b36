"""Crops and the network's input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frsdk.errors import InputError
from frsdk.imaging.face_crop import check_image, crop_face, network_input
from frsdk.imaging.roi import Roi
from frsdk.specs.model_spec import InputSpec


def ramp(height: int, width: int) -> np.ndarray:
    """B = x / 4, G = y / 4 (smooth, so that sampling is exact), R = 200."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x / 4, y / 4, np.full_like(x, 200)], axis=-1).astype(np.uint8)


def test_crop_of_the_whole_image_is_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 120, 3), np.uint8)
    assert np.array_equal(crop_face(image, Roi(0, 0, 120), 120), image)


def test_integer_shift_copies_pixels_and_is_black_outside() -> None:
    image = np.random.default_rng(1).integers(1, 256, (100, 90, 3), np.uint8)
    crop = crop_face(image, Roi(-30, 10, 120), 120)
    assert np.array_equal(crop[:90, 30:], image[10:100])
    assert not crop[:, :30].any()
    assert not crop[90:].any()


@settings(deadline=None, max_examples=40)
@given(
    x0=st.floats(20, 300), y0=st.floats(20, 300), side=st.floats(60, 600), roll=st.floats(-45, 45)
)
def test_crop_samples_where_the_roi_says(x0: float, y0: float, side: float, roll: float) -> None:
    image = ramp(1000, 1000)
    roi = Roi(x0, y0, side, roll)
    crop = crop_face(image, roi, 120).astype(float)
    i, j = np.meshgrid(np.arange(120), np.arange(120))
    points = np.stack([i, j, np.ones_like(i)], axis=-1) @ roi.image_from_crop(120).T
    inside = ((points > side / 60) & (points < 999 - side / 60)).all(axis=-1)
    # A level is 4 px; floor in the ramp costs half a level on average, rounding one more.
    error = crop[..., :2] * 4 + 1.5 - points
    assert np.abs(error[inside]).max() < 6
    assert np.abs(error[inside].mean(axis=0)).max() < 1.5


@pytest.mark.parametrize("factor", [3, 4, 7])
def test_large_roi_is_the_mean_of_its_blocks(factor: int) -> None:
    size = 40
    image = np.random.default_rng(2).integers(0, 256, (9 * size, 9 * size, 3), np.uint8)
    x0, y0, side = 2 * factor, 3 * factor, factor * size
    crop = crop_face(image, Roi(x0, y0, side), size).astype(float)
    blocks = image[y0 : y0 + side, x0 : x0 + side].reshape(size, factor, size, factor, 3)
    assert np.abs(crop - blocks.mean(axis=(1, 3))).max() <= 1


def test_large_roi_does_not_alias() -> None:
    y, x = np.mgrid[:1200, :1200]
    stripes = np.repeat((((x + y) % 2) * 255)[..., None], 3, axis=2).astype(np.uint8)
    crop = crop_face(stripes, Roi(100, 100, 1000), 120)
    assert np.abs(crop.astype(float) - 127.5).max() < 12


def test_large_roi_over_the_edge_keeps_the_last_columns() -> None:
    image = np.full((500, 503, 3), 100, np.uint8)
    crop = crop_face(image, Roi(3, 0, 1000), 100)
    assert np.abs(crop[:49, :49].astype(int) - 100).max() <= 1
    assert not crop[52:].any()
    assert not crop[:, 52:].any()


@pytest.mark.parametrize("roi", [Roi(5000, 0, 120), Roi(0, -900, 500), Roi(-5000, -5000, 3000)])
def test_roi_off_the_image_is_black(roi: Roi) -> None:
    assert not crop_face(ramp(80, 70), roi, 120).any()


def test_images_longer_than_opencv_can_warp() -> None:
    image = np.full((8, 40_000, 3), 50, np.uint8)
    assert (crop_face(image, Roi(39_000, 0, 8), 8) == 50).all()


def test_tiny_image() -> None:
    crop = crop_face(np.full((1, 1, 3), 90, np.uint8), Roi(0, 0, 1), 120)
    assert crop.shape == (120, 120, 3)
    np.testing.assert_allclose(crop[60, 60], 90, atol=1)  # OpenCV 5 rounds another way


def test_network_input_normalises_and_orders_channels() -> None:
    crop = np.zeros((8, 8, 3), np.uint8)
    crop[..., 0], crop[..., 1], crop[..., 2] = 10, 20, 30
    spec = InputSpec(shape=(3, 8, 8), mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 8.0))
    batch = network_input([crop, crop], spec)
    assert batch.shape == (2, 3, 8, 8)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    assert batch[1, :, 3, 4].tolist() == [4.5, 4.5, 3.375]
    rgb = InputSpec(shape=(3, 8, 8), colour_order="RGB", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert network_input([crop], rgb)[0, :, 0, 0].tolist() == [30.0, 20.0, 10.0]


def test_network_input_of_nothing_and_of_a_wrong_crop() -> None:
    assert network_input([], InputSpec()).shape == (0, 3, 120, 120)
    with pytest.raises(InputError, match="crop 0: expected"):
        network_input([np.zeros((8, 8, 3), np.uint8)], InputSpec())


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        (np.zeros((4, 5), np.uint8), "COLOR_GRAY2BGR"),
        (np.zeros((4, 5, 1), np.uint8), "COLOR_GRAY2BGR"),
        (np.zeros((4, 5, 4), np.uint8), "COLOR_BGRA2BGR"),
        (np.zeros((4, 5, 3), np.uint16), r"astype\(numpy.uint8\)"),
        (np.zeros((4, 5, 3), np.float32), r"astype\(numpy.uint8\)"),
        (np.zeros((0, 5, 3), np.uint8), "empty"),
        (np.zeros((2, 4, 5, 3), np.uint8), "one image"),
        ("photo.jpg", "read_image"),
        (None, "read_image"),
    ],
)
def test_unusable_images_name_the_remedy(image: object, remedy: str) -> None:
    with pytest.raises(InputError, match=remedy) as caught:
        check_image(image)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "roi", [Roi(1e308, 0, 1e308), Roi(-1e308, -1e308, 1e308), Roi(0, 0, 1e308, roll_deg=33)]
)
def test_a_square_of_absurd_size_is_black(roi: Roi) -> None:
    assert not crop_face(np.full((9, 9, 3), 200, np.uint8), roi, 120).any()


@pytest.mark.parametrize("size", [0, 32.5, "8"])
def test_sizes_that_are_none_are_refused(size: object) -> None:
    with pytest.raises(InputError, match="size"):
        crop_face(np.zeros((9, 9, 3), np.uint8), Roi(0, 0, 9), size)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        crop_face(np.zeros((9, 9), np.uint8), Roi(0, 0, 9), 8)
