"""Landmarks that another system found, from a file, for scoring beside networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # values of JSON, arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.specs.json_text import json_of_file
from frsdk.storage.npz_arrays import read_npz
from frsdk.storage.path_kinds import is_file

from .compared_networks import check_names_differ, split_name

Array = NDArray[np.float64]

N_POINTS = 68
_NAMES = ("name", "key", "file")
_POINTS = ("landmarks", "points", "lmk68")


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """A system's landmarks as the command line names them.

    Attributes:
        name: Of the system, in tables, legends and file names.
        path: ``.npz`` or ``.json``.
    """

    name: str
    path: Path


def prediction_files(texts: Sequence[str], beside: Sequence[str] = ()) -> list[PredictionFile]:
    """Files from ``NAME=FILE`` or ``FILE``, whose stem is then the name.

    Args:
        texts: As they were given.
        beside: Names of the networks of the same run.

    Raises:
        InputError: A file that is not there, another kind of file, or two of one name.
    """
    found = []
    for text in texts:
        name, file = split_name(text)
        path = Path(file)
        if path.suffix.lower() not in (".npz", ".json") or not is_file(path):
            raise InputError(
                f"--predictions {text}: no such file of landmarks: give NAME=FILE.npz or .json"
            )
        found.append(PredictionFile(name or path.stem, path))
    check_names_differ([*beside, *(each.name for each in found)])
    return found


def read_predictions(path: Path, pictures: Sequence[str]) -> Array:
    """(n, 68, 2) landmarks in the pixels of the labels, NaN where the system gives none.

    JSON: ``{"a.jpg": [[x, y], ...]}``, null or nothing for a face that was not found. npz: names
    as ``name``, ``key`` or ``file`` (m,), points as ``landmarks``, ``points`` or ``lmk68``
    (m, 68, 2 or 3), NaN for a face that was not found.

    Args:
        path: The file.
        pictures: Names of the pictures that are asked for.

    Raises:
        InputError: Not such a file, or it knows none of the pictures.
    """
    by_name = _from_json(path) if path.suffix.lower() == ".json" else _from_npz(path)
    known = [name for name in pictures if name in by_name]
    if not known:
        raise InputError(
            f"{path}: names none of the {len(pictures)} pictures: expected names such as "
            f"{pictures[0]}"
        )
    landmarks = np.full((len(pictures), N_POINTS, 2), np.nan)
    for row, name in enumerate(pictures):
        if name in by_name:
            landmarks[row] = by_name[name]
    return landmarks


def _from_json(path: Path) -> dict[str, Array]:
    content = json_of_file(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object of pictures' names")
    return {
        name: _points(entry, f"{path}: {name}")
        for name, entry in content.items()
        if entry is not None
    }


def _from_npz(path: Path) -> dict[str, Array]:
    try:
        arrays = read_npz(path, (), optional=(*_NAMES, *_POINTS))
    except ValueError as error:
        raise InputError(f"{path}: not a file of landmarks: {error}") from error
    names = next((arrays[name] for name in _NAMES if name in arrays), None)
    points = next((arrays[name] for name in _POINTS if name in arrays), None)
    if names is None or points is None or len(names) != len(points):
        raise InputError(
            f"{path}: expected as many names ({', '.join(_NAMES)}) as points "
            f"({', '.join(_POINTS)}), it holds {', '.join(sorted(arrays)) or 'neither'}"
        )
    return {
        str(name): _points(each, f"{path}: {name}")
        for name, each in zip(names, points, strict=True)
    }


def _points(entry: Any, source: str) -> Array:
    if isinstance(entry, dict):
        entry = entry.get("landmarks")
    try:
        points = np.array(entry, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{source}: not a list of points [[x, y], ...]") from error
    if points.shape not in ((N_POINTS, 2), (N_POINTS, 3)):
        raise InputError(f"{source}: expected ({N_POINTS}, 2) landmarks, got {points.shape}")
    return points[:, :2]
