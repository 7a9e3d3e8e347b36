"""Turn a picture the way that its EXIF orientation says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .damaged_image import DAMAGED

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION, _UPRIGHT = 0x0112, 1


def turned_upright(image: Image) -> Image:
    """The picture the right way up: itself where it is so already or does not tell."""
    from PIL import ImageOps

    return image if _orientation(image) == _UPRIGHT else ImageOps.exif_transpose(image)


def _orientation(image: Image) -> object:
    try:
        return image.getexif().get(_ORIENTATION, _UPRIGHT)
    except DAMAGED:  # damaged EXIF says nothing about the orientation; the pixels are whole
        return _UPRIGHT
