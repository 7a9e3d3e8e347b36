"""Faces whose outlines people drew: the 189-point templates of WebMorph (``.tem``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.read_image import read_image

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

N_POINTS = 189

#: Landmark -> point of a template that is the same corner of the face.
CORNERS = {36: 18, 39: 22, 42: 23, 45: 27, 48: 87, 54: 93}
#: Landmarks, and the template's points along whose line they lie.
OUTLINES = (
    (tuple(range(17)), (109, 110, 111, *range(125, 134), 114, 113, 112)),
    (tuple(range(17, 22)), tuple(range(71, 77))),
    (tuple(range(22, 27)), tuple(range(77, 83))),
    (tuple(range(49, 54)), tuple(range(87, 94))),
    (tuple(range(55, 60)), (93, 108, 107, 106, 105, 104, 87)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A photograph and the points that somebody placed on it.

    Attributes:
        name: Of the photograph.
        image: (H, W, 3) uint8 BGR.
        points: (189, 2) pixels, x right, y down.
    """

    name: str
    image: Image
    points: Array


def read_templates(folders: list[Path]) -> Iterator[Template]:
    """The templates of some folders with their photographs (``NAME.tem``, ``NAME.jpg``).

    Raises:
        InputError: A folder has none, or one of them is damaged.
    """
    for folder in folders:
        files = sorted(path for path in folder.glob("*.tem") if not path.name.startswith("."))
        if not files:
            raise InputError(f"{folder}: no .tem file: give folders of WebMorph templates")
        for file in files:
            try:
                image = read_image(file.with_suffix(".jpg"))
            except ImageFileError as error:
                raise InputError(f"{file}: its photograph: {error}") from error
            yield Template(file.stem, image, _read_points(file))


def _read_points(file: Path) -> Array:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        count = int(lines[0])
        points = np.array([line.split() for line in lines[1 : count + 1]], np.float64)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not a WebMorph template ({error})") from error
    if points.shape != (N_POINTS, 2):
        raise InputError(f"{file}: expected {(N_POINTS, 2)} points, got {points.shape}")
    return points
