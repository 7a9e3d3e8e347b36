"""Cut the network's input out of a photograph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..specs.model_spec import InputSpec
from ..specs.option_numbers import whole_number
from .roi import Roi

_FAR = 1e12  # pixels; beyond, a ROI of absurd size would overflow

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_FROM_CHANNELS = {
    1: "convert it with cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)",
    4: "convert it with cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)",
}


def check_image(image_bgr: object) -> Image:
    """Check that an argument is an image as frsdk takes them, and return it.

    Args:
        image_bgr: Anything; (H, W, 3) uint8 BGR with H, W >= 1 passes.

    Raises:
        InputError: It is something else; the message names the conversion.
    """
    wanted = "expected an image (H, W, 3) uint8 BGR"
    if not isinstance(image_bgr, np.ndarray):
        raise InputError(
            f"{wanted}, got {type(image_bgr).__name__}: read the file with frsdk.read_image(path)"
        )
    if image_bgr.dtype == np.uint8 and image_bgr.shape[2:] == (3,) and image_bgr.size:
        return image_bgr
    got = f"got {image_bgr.shape} {image_bgr.dtype}"
    if image_bgr.dtype != np.uint8:
        raise InputError(f"{wanted}, {got}: scale it to 0..255 and use .astype(numpy.uint8)")
    if image_bgr.ndim == 2:
        raise InputError(f"{wanted}, {got}: {_FROM_CHANNELS[1]}")
    if image_bgr.ndim != 3 or image_bgr.shape[2] != 3:
        channels = image_bgr.shape[-1] if image_bgr.ndim == 3 else 0
        remedy = _FROM_CHANNELS.get(channels, "pass one image of 3 channels at a time")
        raise InputError(f"{wanted}, {got}: {remedy}")
    raise InputError(f"{wanted}, {got}: the image is empty")


def listed_images(images_bgr: object) -> list[Image]:
    """Check that an argument is a list of images, and return it.

    Raises:
        InputError: It is no list, or an image in it is none; its index is named.
    """
    if not isinstance(images_bgr, Iterable):
        raise InputError(f"expected a list of images, got {type(images_bgr).__name__}")
    images = []
    for index, image in enumerate(images_bgr):
        try:
            images.append(check_image(image))
        except InputError as error:
            raise InputError(f"image {index}: {error}") from error
    return images


def crop_face(image_bgr: Image, roi: Roi, size: int) -> Image:
    """Sample the square of a face as the network sees it.

    Bilinear by one `cv2.warpAffine`, black outside the image, half-pixel exact: crop pixel i lies
    at x0 + (i + 0.5) * side / size - 0.5. A ROI of more than twice the size is averaged over whole
    blocks of pixels first, so that large faces do not alias.

    Args:
        image_bgr: (H, W, 3) uint8.
        roi: The square, in image pixels; it may reach over the image's edge.
        size: Pixels of a side of the crop.

    Returns:
        (size, size, 3) uint8, in the image's colour order.

    Raises:
        InputError: The image has another shape or type, or the size is no whole number from 1 on.
    """
    image_bgr, size = check_image(image_bgr), whole_number("size", size, 1)
    image_from_crop = roi.image_from_crop(size)
    factor = max(1, int(roi.side / size)) if roi.side > 2 * size else 1
    x0, y0, x1, y1 = _window(image_from_crop, size, factor, image_bgr.shape)
    if x1 <= x0 or y1 <= y0:
        return np.zeros((size, size, 3), np.uint8)
    window = image_bgr[y0:y1, x0:x1]
    # image pixel -> window pixel: (x - x0 + 0.5) / block - 0.5
    if factor > 1:
        # At the image's edge the last block is not whole: then the blocks are slightly smaller.
        width, height = -(-(x1 - x0) // factor), -(-(y1 - y0) // factor)
        smaller = cv2.resize(window, (width, height), interpolation=cv2.INTER_AREA)
        window = np.asarray(smaller, np.uint8)
        block = np.array([(x1 - x0) / width, (y1 - y0) / height])
        image_from_crop /= block[:, None]
        image_from_crop[:, 2] += (0.5 - np.array([x0, y0])) / block - 0.5
    else:
        image_from_crop[0, 2] -= x0
        image_from_crop[1, 2] -= y0
    # Four channels take a third less time than three in OpenCV 5, to the same bits.
    crop = cv2.warpAffine(
        cv2.cvtColor(window, cv2.COLOR_BGR2BGRA),
        image_from_crop,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGRA2BGR), np.uint8)


def _window(
    image_from_crop: FloatArray, size: int, factor: int, shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """The part of the image under the crop, grown by two blocks, in whole blocks where it can."""
    (x0, x1), (y0, y1) = (
        _span(row, size, factor, limit)
        for row, limit in zip(image_from_crop.tolist(), (shape[1], shape[0]), strict=True)
    )
    return x0, y0, x1, y1


def _span(row: list[float], size: int, factor: int, limit: int) -> tuple[int, int]:
    """The window's first and last + 1 pixel on one axis, in numbers: arrays of 2 take longer."""
    along, across, start = row
    edges = (-0.5, size - 0.5)
    corners = [along * x + across * y + start for x in edges for y in edges]
    corners = [min(max(corner, -_FAR), _FAR) for corner in corners]
    # Blocks begin at the crop's own corner, so that block and crop pixel coincide for whole ratios.
    corner = round(corners[0] + 0.5)
    blocks_before = math.ceil((corner - min(corners)) / factor) + 2
    low = min(max(corner - blocks_before * factor, 0), limit)
    high = min(max(math.ceil(max(corners)) + 1 + 2 * factor, 0), limit)
    blocks = math.ceil((high - low) / factor)
    return low, min(low + blocks * factor, limit)


def network_input(crops: Sequence[Image], spec: InputSpec) -> NDArray[np.float32]:
    """Turn crops into the network's input: channels first, (value - mean) / std.

    Args:
        crops: n images (size, size, 3) uint8 BGR.
        spec: The network's input; mean and std are in its colour order, for values 0..255.

    Returns:
        (n, 3, size, size) float32, C-contiguous.

    Raises:
        InputError: A crop has another shape or type.
    """
    size = spec.size
    for index, crop in enumerate(crops):
        if crop.shape != (size, size, 3) or crop.dtype != np.uint8:
            raise InputError(
                f"crop {index}: expected ({size}, {size}, 3) uint8, got {crop.shape} {crop.dtype}"
            )
    batch = np.empty((len(crops), 3, size, size), np.float32)
    order = (2, 1, 0) if spec.colour_order == "RGB" else (0, 1, 2)
    for planes, crop in zip(batch, crops, strict=True):
        channels = cv2.split(crop)  # half the time of a copy through strides
        for plane, channel in zip(planes, order, strict=True):
            plane[:] = channels[channel]
    batch -= np.array(spec.mean, np.float32)[:, None, None]
    batch /= np.array(spec.std, np.float32)[:, None, None]
    return batch
