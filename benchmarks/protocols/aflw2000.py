"""AFLW2000-3D: 2,000 faces, 68 landmarks in 3D (Zhu et al., CVPR 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

from .array_files import find_array, read_array, read_points
from .crop_list import HALF_PIXEL, crop_pictures, is_crop, picture_files, whole_pictures
from .face_set import FaceSet, Picture, Truth, landmark_boxes
from .mat_labels import MatLabel, read_mat_label

Array = NDArray[np.float64]

# 3DDFA's test.configs, stems of .npy or .pkl files.
LIST_FILE = "AFLW2000-3D_crop.list"
ROI_BOXES = "AFLW2000-3D_crop.roi_box"
LABELS = {"original": "AFLW2000-3D.pts68", "reannotated": "AFLW2000-3D-Reannotated.pts68"}
SPLITS = {"fitted": "AFLW2000-3D.pose", "aflw": "AFLW2000-3D-new.pose"}


@dataclass(frozen=True, slots=True)
class Aflw2000Options:
    """What to read.

    Attributes:
        configs: Folder of 3DDFA's label files; None reads each picture's ``.mat`` instead.
        labels: ``original``, ``reannotated``, or None for whichever there are.
        split: ``fitted`` (yaw of the fitted pose: 1312, 383 and 305 faces), ``aflw`` (yaw of AFLW's
            own labels: 1306, 462 and 232), or None for whichever there are.
        pixels: See :func:`crop_pictures`.
    """

    configs: Path | None = None
    labels: str | None = None
    split: str | None = None
    pixels: str = HALF_PIXEL


def read_aflw2000(folder: Path, options: Aflw2000Options) -> FaceSet:
    """The pictures of a folder with every kind of labels that is at hand.

    Args:
        folder: The originals (450 x 450, with ``.mat``), or 3DDFA's crops (120 x 120).
        options: What to read.

    Raises:
        InputError: A file is missing or damaged, counts differ, or labels are not finite.
        MissingDependencyError: ``.mat`` files are needed and SciPy is not installed.
    """
    files = picture_files(folder, _list_file(folder, options.configs))
    mats = _mat_labels(files, required=options.configs is None)
    points, yaws = _labels(files, mats, options)
    rows = np.arange(len(files))
    truths = [
        Truth(
            f"AFLW2000-3D {labels}, split {split}",
            rows,
            landmarks[..., :2],
            landmark_boxes(landmarks),
            yaw,
        )
        for labels, landmarks in points.items()
        for split, yaw in yaws.items()
    ]
    in_3d = next((each for each in points.values() if each.shape[2] == 3), None)
    return FaceSet(
        name="AFLW2000-3D",
        pictures=_pictures(files, next(iter(points.values())), options),
        truths=truths,
        pose_deg=None if mats is None else np.array([each.pose_deg for each in mats]),
        landmarks_3d=in_3d,
        surface_params=None if mats is None else np.array([each.params for each in mats]),
        notes=(f"Pixels of crops are mapped by the rule {options.pixels}.",),
    )


def _labels(
    files: Sequence[Path], mats: list[MatLabel] | None, options: Aflw2000Options
) -> tuple[dict[str, Array], dict[str, Array]]:
    """(n, 68, 2 or 3) landmarks by kind of labels, and (n,) yaw by split."""
    points: dict[str, Array] = {}
    yaws: dict[str, Array] = {}
    if options.configs is not None:
        for name in _wanted(options.labels, LABELS):
            path = _found(options.configs, LABELS[name], required=options.labels is not None)
            if path is not None:
                points[name] = _counted_from_0(read_points(path, 68))
        for name in _wanted(options.split, SPLITS):
            path = _found(options.configs, SPLITS[name], required=options.split is not None)
            if path is not None:
                sign = -1.0 if name == "fitted" else 1.0  # 3DDFA's sign; AFLW's has none
                yaws[name] = sign * read_array(path, (None,))
    elif mats is not None:
        _check_in_mats(options)
        points["original"] = _stacked(files, mats)
        yaws["fitted"] = np.array([each.pose_deg[0] for each in mats])
    where = options.configs or files[0].parent
    if not points or not yaws:
        lacking = LABELS["original"] if not points else SPLITS["fitted"]
        raise InputError(f"{where}: no {lacking}.npy: give 3DDFA's test.configs as --configs")
    for name, array in (*points.items(), *yaws.items()):
        if len(array) != len(files):
            raise InputError(f"{where}: {len(array)} labels {name} for {len(files)} pictures")
    return points, yaws


def _counted_from_0(points: Array) -> Array:
    moved = points.copy()
    moved[..., :2] -= 1.0
    return moved


def _check_in_mats(options: Aflw2000Options) -> None:
    for asked, known in ((options.labels, "original"), (options.split, "fitted")):
        if asked not in (None, known):
            raise InputError(
                f".mat files hold the {known} labels only, {asked} was asked for: give 3DDFA's "
                "test.configs as --configs"
            )


def _stacked(files: Sequence[Path], mats: list[MatLabel]) -> Array:
    for file, label in zip(files, mats, strict=True):
        if label.landmarks is None:
            raise InputError(f"{file.with_suffix('.mat')}: has no 68 points (pt3d_68)")
    found = [label.landmarks for label in mats if label.landmarks is not None]
    if len({len(points[0]) for points in found}) != 1:
        raise InputError(f"{files[0].parent}: some labels are 2D and some 3D: evaluate them apart")
    return np.array(found)


def _pictures(files: Sequence[Path], points: Array, options: Aflw2000Options) -> list[Picture]:
    if not is_crop(files[0]):
        return whole_pictures(files, points, options.pixels)
    if options.configs is None:
        raise InputError(f"{files[0]}: is a 120 x 120 crop: give --configs with {ROI_BOXES}.npy")
    path = _found(options.configs, ROI_BOXES, required=True)
    boxes = read_array(path or options.configs, (None, 4))
    return crop_pictures(files, boxes, options.pixels)


def _mat_labels(files: Sequence[Path], *, required: bool) -> list[MatLabel] | None:
    """One label for each picture; None where they are neither required nor all there."""
    paths = [file.with_suffix(".mat") for file in files]
    if not required and not all(path.is_file() for path in paths):
        return None
    return [read_mat_label(path) for path in paths]


def _list_file(folder: Path, configs: Path | None) -> Path | None:
    places = [folder, folder.parent, *([configs] if configs else [])]
    return next((p / LIST_FILE for p in places if (p / LIST_FILE).is_file()), None)


def _wanted(asked: str | None, known: dict[str, str]) -> list[str]:
    return list(known) if asked is None else [asked]


def _found(configs: Path, stem: str, *, required: bool) -> Path | None:
    path = find_array(configs, stem)
    if path is None and required:
        raise InputError(f"{configs / stem}.npy: no such label file (nor .pkl)")
    return path
