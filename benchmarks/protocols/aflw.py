"""AFLW: 21,080 faces with up to 21 visible points, read from 3DDFA's label files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

from .array_files import find_array, read_array, read_points
from .crop_list import HALF_PIXEL, crop_pictures, is_crop, picture_files, whole_pictures
from .face_set import FaceSet, Picture, Truth, landmark_boxes

Array = NDArray[np.float64]

LIST_FILE = "AFLW_GT_crop.list"
STEMS = {
    "yaw": "AFLW_GT_crop_yaws",
    "boxes": "AFLW_GT_crop_roi_box",
    "points68": "AFLW_GT_pts68",
    "points21": "AFLW_GT_pts21",
}
_INVISIBLE = -1.0
# AFLW's 21 points out of the 68 (counted from 0), as 3DDFA's benchmark takes them; the centres of
# the eyes and of the mouth are means of several.
_POINTS = (
    (17,), (19,), (21,), (22,), (24,), (26,),  # brows
    (36,), tuple(range(36, 42)), (39,),  # eye on the left
    (42,), tuple(range(42, 48)), (45,),  # eye on the right
    (2,), (31,), (30,), (35,), (14,),  # ear, nose, ear
    (48,), tuple(range(60, 68)), (54,), (8,),  # mouth, chin
)  # fmt: skip


def read_aflw(folder: Path, configs: Path, *, pixels: str = HALF_PIXEL) -> FaceSet:
    """The pictures of a folder with the visible ones of AFLW's 21 points.

    Args:
        folder: 3DDFA's crops (``AFLW_GT_crop``, 120 x 120), or the originals.
        configs: Folder with ``AFLW_GT_*`` files, .npy or .pkl.
        pixels: See :func:`crop_pictures`.

    Raises:
        InputError: A file is missing or damaged, counts differ, or labels are not finite.
    """
    places = (folder, folder.parent, configs)
    list_file = next((p / LIST_FILE for p in places if (p / LIST_FILE).is_file()), None)
    files = picture_files(folder, list_file)
    yaw = read_array(_file(configs, "yaw"), (None,))
    points68 = read_points(_file(configs, "points68"), 68)[..., :2] - 1.0
    points21 = read_points(_file(configs, "points21"), 21)[..., :2]
    for name, labels in (("yaws", yaw), ("pts68", points68), ("pts21", points21)):
        if len(labels) != len(files):
            raise InputError(f"{configs}: {len(labels)} {name} for {len(files)} pictures")
    hidden = (points21 == _INVISIBLE).any(axis=2, keepdims=True)
    if not np.isfinite(points21).all():
        raise InputError(f"{configs}: {STEMS['points21']} holds numbers that are not finite")
    truth = Truth(
        name="AFLW 21 points",
        rows=np.arange(len(files)),
        points=np.where(hidden, np.nan, points21 - 1.0),
        boxes_xyxy=landmark_boxes(points68),
        yaw_deg=yaw,
        weights=weights_21_from_68(),
    )
    return FaceSet(
        name="AFLW",
        pictures=_pictures(files, points68, configs, pixels),
        truths=[truth],
        notes=(f"Visible points only. Pixels of crops are mapped by the rule {pixels}.",),
    )


def _pictures(files: list[Path], points68: Array, configs: Path, pixels: str) -> list[Picture]:
    if not is_crop(files[0]):
        return whole_pictures(files, points68, pixels)
    return crop_pictures(files, read_array(_file(configs, "boxes"), (None, 4)), pixels)


def weights_21_from_68() -> Array:
    """(21, 68) matrix of means that makes AFLW's points."""
    weights = np.zeros((len(_POINTS), 68))
    for row, indices in enumerate(_POINTS):
        weights[row, indices] = 1.0 / len(indices)
    return weights


def _file(configs: Path, name: str) -> Path:
    path = find_array(configs, STEMS[name])
    if path is None:
        raise InputError(f"{configs / STEMS[name]}.npy: no such label file (nor .pkl)")
    return path
