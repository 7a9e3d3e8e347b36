"""The pixels of an opened picture as BGR, the right way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageFileError
from .damaged_image import DAMAGED, damaged_image
from .exif_orientation import turned_upright

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_BAND_PIXELS = 1 << 20
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


def bgr_from_image(image: ImageFile, location: str) -> NDArray[np.uint8]:
    """Decode a picture; its EXIF orientation is applied.

    Returns:
        (H, W, 3) uint8, C-contiguous.

    Raises:
        ImageFileError: It is damaged, of an unsupported kind, or too large for the memory.
    """
    kind = image.format or "image"
    try:
        image.load()
        return _bgr_from_pillow(turned_upright(image), location)
    except ImageFileError:
        raise
    except MemoryError as error:
        width, height = image.size
        raise ImageFileError(f"{location}: not enough memory for {width}x{height}") from error
    except DAMAGED as error:
        raise damaged_image(error, location, kind) from error


def _bgr_from_pillow(image: Image, location: str) -> NDArray[np.uint8]:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return _grey_bgr_from_16_bit(np.asarray(image))
    if image.mode in ("I", "F"):
        raise ImageFileError(
            f"{location}: unsupported: 32-bit samples (mode {image.mode}); convert it to 8 or 16"
        )
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return _bgr_over_black(image if image.mode == "RGBA" else image.convert("RGBA"))
    rgb = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    return np.ascontiguousarray(rgb[..., ::-1])


def _bgr_over_black(image: Image) -> NDArray[np.uint8]:
    """Composite RGBA over black, in bands of rows that bound the memory."""
    rgba = np.asarray(image)
    flat = np.empty((*rgba.shape[:2], 3), np.uint8)
    rows = max(1, _BAND_PIXELS // rgba.shape[1])
    for top in range(0, len(rgba), rows):
        band = rgba[top : top + rows]
        # (R, W, 3) * (R, W, 1) fits uint16: 255 * 255 + 127 < 65536
        product = band[..., 2::-1] * band[..., 3:].astype(np.uint16)
        flat[top : top + rows] = (product + 127) // 255
    return flat


def _grey_bgr_from_16_bit(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    table = ((np.arange(65536, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    grey = table[np.clip(samples, 0, 65535).astype(np.uint16)]
    return np.repeat(grey[..., None], 3, axis=2)  # (H, W) -> (H, W, 3)
