"""Blendshapes as a CSV file in the columns of ARKit's capture apps (Live Link Face)."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from ..specs.option_numbers import finite_number
from ..storage.atomic_write import atomic_write
from .blendshape_table import BLENDSHAPE_NAMES

_ROTATIONS = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip
#: Timecode, BlendshapeCount, the 52 shapes, then nine rotations.
COLUMNS = (
    "Timecode",
    "BlendshapeCount",
    *(name[0].upper() + name[1:] for name in (*BLENDSHAPE_NAMES, "tongueOut")),
    *_ROTATIONS,
)
LEAST_FPS = 1e-3  # a thousandth of a frame a second is the least step of the timecode
_COUNT = 52 + len(_ROTATIONS)


def write_blendshape_csv(
    path: str | os.PathLike[str],
    frames: Iterable[tuple[float, Mapping[str, float], tuple[float, float, float]]],
    *,
    fps: float,
) -> int:
    """Write one person's frames.

    Names that cannot be told of a face are 0, as are the eyes' rotations.

    Args:
        path: The file.
        frames: Seconds, blendshapes as `Face.blendshapes` has them, and yaw, pitch, roll in degrees
            as `Face.pose` has them; the file has them in radians with the same signs.
        fps: Frames per second of the timecode, 0.001 or more.

    Returns:
        Number of rows.

    Raises:
        InputError: ``fps`` is no number from 0.001 on, a time is negative or not finite, a value is
            not finite, or a name is none of ARKit's.
        OutputError: The file cannot be written.
    """
    finite_number("fps", fps, LEAST_FPS)
    rows = 0

    def write(file: BinaryIO) -> None:
        nonlocal rows
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for time_s, shapes, angles_deg in frames:
            writer.writerow(_row(time_s, shapes, angles_deg, fps))
            rows += 1
        text.detach()

    atomic_write(Path(path), write)
    return rows


def _row(
    time_s: float,
    shapes: Mapping[str, float],
    angles_deg: tuple[float, float, float],
    fps: float,
) -> list[str]:
    unknown = set(shapes) - set(BLENDSHAPE_NAMES)
    if unknown:
        raise InputError(f"{sorted(unknown)[0]}: not a blendshape of ARKit")
    values = [shapes.get(name, 0.0) for name in (*BLENDSHAPE_NAMES, "tongueOut")]
    numbers = [*values, *(math.radians(angle) for angle in angles_deg), *[0.0] * 6]
    if not all(map(math.isfinite, numbers)):
        raise InputError(f"expected finite blendshapes and angles, got others at {time_s} s")
    return [timecode(time_s, fps), str(_COUNT), *(f"{number:.6f}" for number in numbers)]


def timecode(time_s: float, fps: float) -> str:
    """``HH:MM:SS:FF.mmm`` of a time: FF is the frame within the second, mmm its thousandths.

    Raises:
        InputError: The time is negative or not finite.
    """
    finite_number("time in seconds", time_s, 0)
    thousandths = round(time_s * fps * 1000.0)
    per_second = round(fps * 1000.0)
    seconds, rest = divmod(thousandths, per_second)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
