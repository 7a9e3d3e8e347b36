"""Decoded frames as upright BGR arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av import VideoFrame as DecodedFrame

Image = NDArray[np.uint8]

_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_BT709 = 1
_HD_HEIGHT = 720  # from here on players take BT.709 where a file does not say


def upright_bgr(frame: DecodedFrame) -> Image:
    """The pixels as (H, W, 3) uint8 BGR, turned as the file says that they are shown.

    Grey is repeated, more than 8 bits are scaled, transparent pixels are laid over black. Where the
    file does not name its colour matrix, frames from 720 lines on are BT.709, smaller ones BT.601.
    """
    matrix = _BT709 if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT else None
    has_alpha = any(component.is_alpha for component in frame.format.components)
    layout = "bgra" if has_alpha else "bgr24"
    pixels = np.asarray(frame.reformat(format=layout, src_colorspace=matrix).to_ndarray(), np.uint8)
    image = _over_black(pixels) if has_alpha else pixels
    return _turned(image, _display_matrix(frame))


def lies_on_its_side(frame: DecodedFrame) -> bool:
    """Whether the file stores it a quarter turn away from how it is shown."""
    a, b, _, _ = _display_matrix(frame)
    return abs(b) > abs(a)


def fitted(image_bgr: Image, size_wh: tuple[int, int]) -> Image:
    """The picture scaled into another size, its shape kept, black bars around it."""
    height, width = image_bgr.shape[:2]
    scale = min(size_wh[0] / width, size_wh[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    left, top = (size_wh[0] - inner[0]) // 2, (size_wh[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        image_bgr, inner, interpolation=method
    )
    return canvas


def _over_black(bgra: NDArray[np.uint8]) -> Image:
    alpha = np.repeat(bgra[..., 3:], 3, axis=2)  # (H, W, 1) -> (H, W, 3)
    return np.asarray(cv2.multiply(bgra[..., :3], alpha, scale=1 / 255), np.uint8)


def _display_matrix(frame: DecodedFrame) -> tuple[int, int, int, int]:
    """a, b, c, d of x' = a x + c y, y' = b x + d y; only their signs and order matter."""
    side_data: Any = frame.side_data  # Any: PyAV's stub lacks its keys
    try:
        values = np.frombuffer(side_data["DISPLAYMATRIX"], np.int32)
    except KeyError:
        return 1, 0, 0, 1
    a, b, _, c, d = (int(value) for value in values[:5])
    return a, b, c, d


def _turned(image: Image, matrix: tuple[int, int, int, int]) -> Image:
    """Quarter turns and mirrorings; of another angle the nearest one."""
    a, b, c, d = matrix
    if abs(b) > abs(a):
        image = np.asarray(cv2.transpose(image), np.uint8)
        a, d = c, b
    if a < 0 or d < 0:
        code = -1 if a < 0 and d < 0 else 1 if a < 0 else 0
        image = np.asarray(cv2.flip(image, code), np.uint8)
    return image
