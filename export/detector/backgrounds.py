"""Photographs without faces: windows of them, and the places that look like faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

Image = NDArray[np.uint8]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_MAX_SIDE = 1100
_JITTER = 0.2
_HALVINGS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a network took a background for a face.

    Attributes:
        picture: Index of the picture.
        x: Centre, picture pixels.
        y: Centre, picture pixels.
        scale: Network pixels per picture pixel at which it looked so.
    """

    picture: int
    x: float
    y: float
    scale: float


def background_paths(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of their names."""
    return sorted(p for p in folder.glob("*") if p.suffix.lower() in _SUFFIXES)


class Backgrounds:
    """Pictures without faces, each also at a half, a quarter and an eighth of its size.

    Args:
        pictures: (h, w, 3) uint8 each.
    """

    def __init__(self, pictures: Sequence[Image]) -> None:
        self._levels = [_halved(picture) for picture in pictures]

    @classmethod
    def load(cls, folder: Path) -> Backgrounds:
        """Read every picture of a folder, at most 1100 px long, in the order of their names.

        Raises:
            InputError: The folder holds none, or one cannot be read.
        """
        paths = background_paths(folder)
        if not paths:
            raise InputError(f"{folder}: no picture in it: run scripts/fetch_backgrounds.py")
        return cls([_read(path) for path in paths])

    def __len__(self) -> int:
        return len(self._levels)

    def __getitem__(self, index: int) -> Image:
        """A picture at full size."""
        return self._levels[index][0]

    def random_window(self, size_wh: tuple[int, int], rng: np.random.Generator) -> Image:
        """A random part of a random picture, mirrored half of the time.

        Returns:
            (h, w, 3) uint8.
        """
        index = int(rng.integers(len(self)))
        height, width = self[index].shape[:2]
        most = min(width / size_wh[0], height / size_wh[1])  # picture pixels per window pixel
        ratio = float(np.exp(rng.uniform(np.log(min(0.6, most)), np.log(most))))
        corner = rng.random(2) * np.maximum(0.0, (width, height) - np.array(size_wh) * ratio)
        return self._window(index, corner, ratio, size_wh, mirror=bool(rng.random() < 0.5))

    def window_at(self, place: Place, size_wh: tuple[int, int], rng: np.random.Generator) -> Image:
        """The surroundings of a place, shifted and scaled a little.

        Returns:
            (h, w, 3) uint8.
        """
        height, width = self[place.picture].shape[:2]
        ratio = float(np.exp(rng.uniform(-_JITTER, _JITTER))) / place.scale
        ratio = min(ratio, width / size_wh[0], height / size_wh[1])
        side = np.array(size_wh) * ratio
        corner = np.array([place.x, place.y]) - side * rng.uniform(0.2, 0.8, 2)
        corner = np.clip(corner, 0.0, np.maximum(0.0, (width, height) - side))
        mirror = bool(rng.random() < 0.5)
        return self._window(place.picture, corner, ratio, size_wh, mirror=mirror)

    def _window(
        self,
        index: int,
        corner: NDArray[np.float64],
        ratio: float,
        size_wh: tuple[int, int],
        *,
        mirror: bool,
    ) -> Image:
        """A part of a picture, read from the smallest of its sizes that is fine enough."""
        level = int(np.clip(np.log2(max(ratio, 1.0)), 0, len(self._levels[index]) - 1))
        picture = self._levels[index][level]
        x, y = (corner / 2**level).astype(int)
        width, height = (max(4, round(side * ratio / 2**level)) for side in size_wh)
        part = picture[y : y + height, x : x + width]
        way = cv2.INTER_AREA if ratio > 2**level else cv2.INTER_LINEAR
        window = cv2.resize(part, size_wh, interpolation=way)
        return np.ascontiguousarray(window[:, ::-1] if mirror else window)


def _halved(picture: Image) -> list[Image]:
    levels = [picture]
    for _ in range(_HALVINGS):
        height, width = levels[-1].shape[:2]
        size = (max(1, width // 2), max(1, height // 2))
        smaller = cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(smaller, np.uint8))
    return levels


def _read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(f"{path}: not a readable picture")
    ratio = _MAX_SIDE / max(image.shape[:2])
    if ratio < 1:
        image = cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)
