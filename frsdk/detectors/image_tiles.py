"""The squares of a photograph that a detector looks at."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_STEP = 2.6  # largest ratio of two levels: what one level sees small, the next sees large
_OVERLAP = 0.2  # of neighbouring tiles, share of their side
_INTERPOLATED = 0.55  # levels above this share of what they are made from are interpolated
_LARGEST = 0.4  # face that a tile of a finer level answers for, share of its side


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of a level, and which faces are its own.

    Attributes:
        pixels: (size, size, 3) uint8, black where the level ends.
        scale_xy: Level pixels per image pixel.
        corner_xy: Of the tile in the level, pixels.
        own_xyxy: The part of the tile, in its pixels, in which a face's centre must lie; the rest
            belongs to its neighbours.
        largest_px: Longest side of a face that is its own, tile pixels.
    """

    pixels: Image
    scale_xy: FloatArray
    corner_xy: FloatArray
    own_xyxy: FloatArray
    largest_px: float

    def image_from_tile(self, points: FloatArray) -> FloatArray:
        """Points (..., 2) of the tile on the image's continuous plane."""
        return np.asarray((points + self.corner_xy) / self.scale_xy, np.float64)


def level_sides(longer_px: int, size: int, finest_px: float) -> list[int]:
    """Longer sides of an image's levels, coarsest first.

    The first level shows the whole image in one tile. Each further one is at most 2.6 times finer,
    and the last is `finest_px` long.

    Args:
        longer_px: The image's longer side.
        size: Of a tile.
        finest_px: Wanted length of the finest level; it is never above the image's own.
    """
    finest = min(finest_px, float(longer_px))
    if finest <= size:
        return [size]
    steps = math.ceil(math.log(finest / size) / math.log(_STEP))
    ratio = (finest / size) ** (1.0 / steps)
    return [size, *(round(size * ratio**step) for step in range(1, steps + 1))]


def tiles_of(image: Image, size: int, finest_px: float) -> Iterator[Tile]:
    """Cut an image into the tiles of all its levels.

    Args:
        image: (H, W, 3) uint8.
        size: Pixels of a tile's side.
        finest_px: Longer side of the finest level.
    """
    height, width = image.shape[:2]
    sides = level_sides(max(height, width), size, finest_px)
    for side, level in zip(sides, _levels(image, sides), strict=True):
        high, wide = level.shape[:2]
        scale_xy = np.array([wide / width, high / height])
        largest = math.inf if side <= size else _LARGEST * size
        rows, columns = _spans(high, size), _spans(wide, size)
        for y, top, bottom in rows:
            for x, left, right in columns:
                yield Tile(
                    pixels=_padded(level[y : y + size, x : x + size], size),
                    scale_xy=scale_xy,
                    corner_xy=np.array([x, y], np.float64),
                    own_xyxy=np.array([left, top, right, bottom]),
                    largest_px=largest,
                )


def _levels(image: Image, sides: list[int]) -> list[Image]:
    """The image at each longer side, coarsest first; each is made from the next finer one."""
    levels: list[Image] = []
    height, width = image.shape[:2]
    level = image
    for side in reversed(sides):
        ratio = side / max(height, width)
        size_wh = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        if size_wh != (level.shape[1], level.shape[0]):
            # Averaging costs several times what interpolation does, which is as good above a half.
            shrinks = side < _INTERPOLATED * max(level.shape[:2])
            way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            level = np.asarray(cv2.resize(level, size_wh, interpolation=way), np.uint8)
        levels.append(level)
    return levels[::-1]


def _spans(length: int, size: int) -> list[tuple[int, float, float]]:
    """First pixel of each tile along one axis, and the part between which its own faces lie.

    Neighbours meet in the middle of their overlap; at the image's edge a face's centre may even lie
    outside.
    """
    step = size * (1.0 - _OVERLAP)
    count = max(1, math.ceil((length - size) / step) + 1)
    starts = [0] if count == 1 else [round(i * (length - size) / (count - 1)) for i in range(count)]
    meetings = [(a + size + b) / 2 for a, b in itertools.pairwise(starts)]
    bounds = [-math.inf, *meetings, math.inf]
    return [
        (start, low - start, high - start)
        for start, low, high in zip(starts, bounds[:-1], bounds[1:], strict=True)
    ]


def _padded(part: Image, size: int) -> Image:
    if part.shape[:2] == (size, size):
        return part
    tile = np.zeros((size, size, 3), np.uint8)
    tile[: part.shape[0], : part.shape[1]] = part
    return tile
