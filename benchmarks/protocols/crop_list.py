"""Pictures of a 3DDFA test set: the originals, or its crops of 120 x 120."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.imaging.image_sources import find_images
from frsdk.imaging.read_image import read_image
from frsdk.imaging.roi import Roi, roi_from_landmarks
from frsdk.storage.path_kinds import is_file, is_folder

from .face_set import SAME_PIXELS, Picture

Array = NDArray[np.float64]

CROP_SIZE = 120
HALF_PIXEL, UPSTREAM = "half-pixel", "3ddfa"


def picture_files(folder: Path, list_file: Path | None) -> list[Path]:
    """The files of a test set in the order of its labels.

    Args:
        folder: Holds the pictures.
        list_file: One name a line; None takes the folder's pictures sorted by name.

    Raises:
        InputError: No such folder or list, an empty one, or a listed picture is not there.
    """
    if not is_folder(folder):
        raise InputError(f"{folder}: no such folder")
    if list_file is None:
        return [Path(source.location) for source in find_images([folder])]
    try:
        lines = list_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{list_file}: cannot be read ({error})") from error
    files = [folder / line.strip() for line in lines if line.strip()]
    if not files:
        raise InputError(f"{list_file}: names no pictures")
    missing = [file for file in files if not is_file(file)]
    if missing:
        raise InputError(
            f"{list_file}: {len(missing)} of {len(files)} pictures missing, {missing[0]} first"
        )
    return files


def is_crop(file: Path) -> bool:
    """Whether a picture is one of 3DDFA's crops: 120 x 120."""
    return read_image(file).shape[:2] == (CROP_SIZE, CROP_SIZE)


def crop_pictures(files: Sequence[Path], roi_boxes: Array, pixels: str) -> list[Picture]:
    """3DDFA's crops, whose labels are in the pixels of the original pictures.

    A crop was cut from columns sx..ex, both included and counted from 1, and resized to 120
    (3DDFA's ImageROI.m). Labels count from 0 here.

    Args:
        files: 120 x 120 pictures.
        roi_boxes: (n, 4) sx, sy, ex, ey as 3DDFA stores them.
        pixels: ``half-pixel`` puts each crop pixel where it was cut; ``3ddfa`` maps as 3DDFA's
            benchmark does, x = sx + (i + 1) (ex - sx) / 120, which its own networks learned.

    Raises:
        InputError: Counts differ, or a box is not finite or empty.
    """
    _check_counts(len(files), roi_boxes, "boxes")
    sides = roi_boxes[:, 2:] - roi_boxes[:, :2]
    usable = np.isfinite(roi_boxes).all(axis=1) & (sides > 0).all(axis=1)
    if not usable.all():
        bad = int(np.flatnonzero(~usable)[0])
        raise InputError(f"roi_box {bad}: expected sx < ex and sy < ey, got {roi_boxes[bad]}")
    corners = roi_boxes[:, :2] - 1.0  # counted from 0
    pictures = []
    for file, corner, side in zip(files, corners, sides, strict=True):
        if pixels == UPSTREAM:
            scale = side / CROP_SIZE
            offset = corner + scale
        else:
            scale = (side + 1.0) / CROP_SIZE
            offset = corner + 0.5 * scale - 0.5
        matrix = np.concatenate([np.diag(scale), offset[:, None]], axis=1)  # (2, 3)
        load = functools.partial(read_image, file)
        roi = Roi(0.0, 0.0, float(CROP_SIZE))
        pictures.append(Picture(file.name, load, roi, matrix, is_crop=True))
    return pictures


def whole_pictures(
    files: Sequence[Path], landmarks: Array, pixels: str = HALF_PIXEL
) -> list[Picture]:
    """Original pictures with the square that their (n, 68, 2 or 3) landmarks give.

    Raises:
        InputError: Counts differ, landmarks are not finite, or the rule for crops' pixels is not
            the default.
    """
    if pixels != HALF_PIXEL:
        raise InputError(
            f"{files[0]}: is no {CROP_SIZE} x {CROP_SIZE} crop: the rule {pixels} is for crops only"
        )
    _check_counts(len(files), landmarks, "landmarks")
    pictures = []
    for file, points in zip(files, landmarks, strict=True):
        try:
            roi = roi_from_landmarks(points)
        except InputError as error:
            raise InputError(f"{file.name}: its landmarks are not usable: {error}") from error
        pictures.append(Picture(file.name, functools.partial(read_image, file), roi, SAME_PIXELS))
    return pictures


def _check_counts(n_files: int, labels: Array, what: str) -> None:
    if len(labels) != n_files:
        raise InputError(
            f"{n_files} pictures but {len(labels)} {what}: give the folder and the list file that "
            "belong to these labels"
        )
