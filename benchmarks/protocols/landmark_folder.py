"""Any folder of photographs with 68 landmarks for each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.storage.path_kinds import is_file, is_folder

from .crop_list import picture_files, whole_pictures
from .face_set import FaceSet, Truth, landmark_boxes
from .landmark_files import read_json, read_npz, read_pts
from .yaw_estimate import estimated_yaw_deg

Array = NDArray[np.float64]

DEFAULT_NAMES = ("landmarks.json", "landmarks.npz")


def read_folder(folder: Path, labels: Path | None = None) -> FaceSet:
    """The labelled photographs of a folder.

    Args:
        folder: Holds the photographs, and a ``.pts`` file beside each, or ``landmarks.json`` or
            ``landmarks.npz`` for all.
        labels: A ``.json`` or ``.npz`` file elsewhere.

    Raises:
        InputError: No photograph or no label, a photograph without one, or labels that are damaged.
    """
    if not is_folder(folder):
        raise InputError(f"{folder}: no such folder")
    path = labels or next((folder / n for n in DEFAULT_NAMES if (folder / n).is_file()), None)
    points, yaws = _beside(folder) if path is None else _in_one_file(folder, path)
    landmarks = np.array(list(points.values()))
    files = [folder / name for name in points]
    yaw = [_yaw(name, points[name], yaws) for name in points]
    return FaceSet(
        name=folder.resolve().name,
        pictures=whole_pictures(files, landmarks),
        truths=[
            Truth(
                "68 landmarks",
                np.arange(len(files)),
                landmarks,
                landmark_boxes(landmarks),
                np.array(yaw),
            )
        ],
        notes=_notes(sum(name not in yaws for name in points)),
    )


def _beside(folder: Path) -> tuple[dict[str, Array], dict[str, float]]:
    """Points from a ``.pts`` file beside each photograph."""
    files = picture_files(folder, None)
    missing = [file for file in files if not file.with_suffix(".pts").is_file()]
    if missing:
        raise InputError(
            f"{missing[0]}: no {missing[0].stem}.pts beside it ({len(missing)} of {len(files)} "
            f"photographs have none), nor is there a {' or '.join(DEFAULT_NAMES)}"
        )
    return {file.name: read_pts(file.with_suffix(".pts")) for file in files}, {}


def _in_one_file(folder: Path, path: Path) -> tuple[dict[str, Array], dict[str, float]]:
    if path.suffix not in (".json", ".npz") or not is_file(path):
        raise InputError(f"{path}: expected a .json or .npz file of landmarks")
    points, yaws = read_json(path) if path.suffix == ".json" else read_npz(path)
    if not points:
        raise InputError(f"{path}: names no photograph")
    lost = [name for name in points if not (folder / name).is_file()]
    if lost:
        raise InputError(
            f"{path}: {len(lost)} of {len(points)} photographs missing: {folder / lost[0]}"
        )
    return points, yaws


def _yaw(name: str, points: Array, yaws: dict[str, float]) -> float:
    known = yaws.get(name)
    if known is not None:
        return known
    try:
        return estimated_yaw_deg(points)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _notes(estimated: int) -> tuple[str, ...]:
    if not estimated:
        return ()
    return (f"The yaw of {estimated} faces is estimated from their landmarks (no label).",)
