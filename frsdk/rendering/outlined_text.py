"""Text with an outline, each glyph of which lies on its own outline."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]

_OUTLINE: Colour = (20, 20, 20)


def draw_text(
    image: NDArray[np.uint8],
    text: str,
    at_xy: tuple[float, float],
    *,
    colour: Colour,
    height_px: float,
    outline_px: int = 0,
    centred: bool = False,
) -> None:
    """Draw one line of text into an image.

    One call strokes and fills, so that both have the same advances: OpenCV 5 sets text of another
    thickness in another width, and an outline drawn by itself reads as doubled digits.

    Args:
        image: (H, W, 3) uint8, written into; what lies outside is left out.
        text: One line.
        at_xy: Left end of the base line, or the middle of the text.
        colour: In the image's order.
        height_px: Size of the font.
        outline_px: Width of a dark outline; 0: none.
        centred: Whether `at_xy` is the middle.
    """
    patch = _patch(text, colour, max(1, round(height_px)), outline_px)
    x, y = (round(float(value)) for value in at_xy)
    if centred:
        left, top = x + round(patch.middle_xy[0]), y + round(patch.middle_xy[1])
    else:
        left, top = x + patch.offset_xy[0], y + patch.offset_xy[1]
    height, width = image.shape[:2]
    high, wide = patch.cover.shape[:2]
    x0, x1 = max(0, left), min(width, left + wide)
    y0, y1 = max(0, top), min(height, top + high)
    if x1 <= x0 or y1 <= y0:
        return
    part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    window = image[y0:y1, x0:x1]
    kept = (window * (255 - patch.cover[part]) + np.uint16(127)) // np.uint16(255)
    window[:] = kept.astype(np.uint8) + patch.ink[part]


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """A drawn line of text.

    Attributes:
        ink: (h, w, 3) uint8, the colour times the cover.
        cover: (h, w, 1) uint16, 0..255.
        offset_xy: From the left end of the base line to the first pixel.
        middle_xy: From the middle of the text to the first pixel.
    """

    ink: NDArray[np.uint8]
    cover: NDArray[np.uint16]
    offset_xy: tuple[int, int]
    middle_xy: tuple[float, float]


@functools.lru_cache(maxsize=64)
def _patch(text: str, colour: Colour, size: int, outline_px: int) -> _Patch:
    from PIL import Image, ImageDraw

    font = _font(size)
    left, top, right, bottom = font.getbbox(text, anchor="ls", stroke_width=outline_px)
    x, y = 1 - math.floor(left), 1 - math.floor(top)
    canvas = Image.new("RGBA", (x + math.ceil(right) + 1, y + math.ceil(bottom) + 1))
    ImageDraw.Draw(canvas).text(  # on nothing, so that colours come out times their cover
        (x, y),
        text,
        fill=(*colour, 255),
        font=font,
        anchor="ls",
        stroke_width=outline_px,
        stroke_fill=(*_OUTLINE, 255),
    )
    pixels = np.asarray(canvas)
    cover = pixels[..., 3:].astype(np.uint16)
    return _Patch(
        ink=np.minimum(pixels[..., :3], cover).astype(np.uint8),
        cover=cover,
        offset_xy=(-x, -y),
        middle_xy=(-x - (left + right) / 2, -y - (top + bottom) / 2),
    )


@functools.lru_cache(maxsize=32)
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError(f"Pillow gave {type(font).__name__}, a font without sizes")
    return font
