"""What stands behind a face: blurred surroundings, walls, patterns or a folder's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.read_image import read_image

from .environment_light import Panorama

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

_SURROUNDINGS, _WALL, _SHAPES = 0.5, 0.25, 0.25
_SIDE = 512  # pixels of a folder's pictures that are kept


class Backdrops:
    """Draws backgrounds without faces.

    Args:
        panoramas: Surroundings.
        pictures: (h, w, 3) uint8 RGB pictures without faces; with any, half of the backgrounds
            are cut out of them.
    """

    def __init__(self, panoramas: Sequence[Panorama], pictures: Sequence[Image] = ()) -> None:
        self._panoramas = panoramas
        self._pictures = pictures

    def sample(
        self, rng: np.random.Generator, panorama: Panorama, turn: float, exposure: float, size: int
    ) -> Image:
        """(size, size, 3) uint8 RGB.

        Args:
            rng: Random numbers.
            panorama: What lights the face.
            turn: Of the panorama, share of the circle.
            exposure: Times its linear light.
            size: Pixels of a side.
        """
        if self._pictures and rng.random() < 0.5:
            return self._cut_out(rng, size)
        kind = rng.choice(3, p=[_SURROUNDINGS, _WALL, _SHAPES])
        if kind == 0:
            tilt, fov = rng.normal(0.0, 0.12), np.radians(rng.uniform(25.0, 75.0))
            linear = panorama.view(turn, tilt, fov, size) * exposure
            linear = linear / (1.0 + 0.18 * linear)
            picture = np.clip(linear, 0.0, 1.0) ** (1.0 / 2.2) * 255.0
        elif kind == 1:
            picture = _wall(rng, size)
        else:
            picture = _shapes(rng, size)
        if rng.random() < 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 4.0))
        return np.asarray(np.clip(picture, 0, 255), np.uint8)

    def _cut_out(self, rng: np.random.Generator, size: int) -> Image:
        picture = self._pictures[int(rng.integers(len(self._pictures)))]
        height, width = picture.shape[:2]
        side = int(min(height, width) * rng.uniform(0.35, 1.0))
        y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        cut = picture[y : y + side, x : x + side]
        if rng.random() < 0.5:
            cut = cut[:, ::-1]
        return np.asarray(cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def read_backdrops(folder: Path) -> list[Image]:
    """RGB pictures of a folder, made smaller.

    Raises:
        InputError: The folder is missing, has no pictures, or one cannot be read.
    """
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        raise InputError(f"{folder}: no .jpg or .png pictures there: give a folder of backgrounds")
    pictures: list[Image] = []
    for path in paths:
        try:
            picture = read_image(path)
        except ImageFileError as error:
            raise InputError(f"{error}: take it out of {folder}") from error
        scale = _SIDE / min(picture.shape[:2])
        if scale < 1.0:
            shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            picture = np.asarray(shrunk, np.uint8)
        pictures.append(np.ascontiguousarray(picture[..., ::-1]))
    return pictures


def _muted(rng: np.random.Generator) -> FloatArray:
    colour = rng.uniform(0, 255, 3)
    return np.asarray(colour.mean() + (colour - colour.mean()) * rng.uniform(0.1, 0.8))


def _wall(rng: np.random.Generator, size: int) -> FloatArray:
    """A colour that fades from one corner to the other, with a little grain."""
    ends = rng.uniform(0, 255, (2, 3)) * rng.uniform(0.4, 1.0)
    ends = ends.mean(axis=0) + (ends - ends.mean(axis=0)) * rng.uniform(0.1, 0.6)
    ends = ends.mean(axis=1, keepdims=True) * 0.5 + ends * 0.5  # walls are seldom bright
    angle = rng.uniform(0.0, 2.0 * np.pi)
    line = np.linspace(-0.5, 0.5, size)
    share = np.clip(0.5 + np.cos(angle) * line[None] + np.sin(angle) * line[:, None], 0.0, 1.0)
    wall = ends[0] + (ends[1] - ends[0]) * share[..., None]
    grain = cv2.resize(rng.standard_normal((size // 3, size // 3)), (size, size))
    return np.asarray(wall + grain[..., None] * rng.uniform(0.0, 8.0), np.float32)


def _shapes(rng: np.random.Generator, size: int) -> FloatArray:
    """Boxes, lines and discs: shelves, windows, lamps, leaves as a camera blurs them."""
    picture = _wall(rng, size)
    for _ in range(int(rng.integers(5, 40))):
        colour = tuple(float(each) for each in _muted(rng))
        x, y, a, b = (int(each) for each in rng.uniform(-0.2, 1.2, 4) * size)
        kind = rng.integers(3)
        if kind == 0:
            cv2.rectangle(picture, (x, y), (a, b), colour, int(rng.choice([-1, 1, 3])))
        elif kind == 1:
            cv2.line(picture, (x, y), (a, b), colour, int(rng.integers(1, 12)), cv2.LINE_AA)
        else:
            radius = int(rng.uniform(0.02, 0.25) * size)
            cv2.circle(picture, (x, y), radius, colour, -1, cv2.LINE_AA)
    return picture
