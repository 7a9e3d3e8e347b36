"""Landmarks of photographs from ``.pts``, ``.json`` and ``.npz`` files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any  # values of JSON

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.specs.json_text import json_of_file
from frsdk.storage.npz_arrays import read_npz as read_arrays

Array = NDArray[np.float64]

N_POINTS = 68


def read_pts(path: Path) -> Array:
    """(68, 2) pixels counted from 0 of one 300-W ``.pts`` file, which counts from 1.

    Raises:
        InputError: The file cannot be read or does not hold 68 finite points.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    _, brace, rest = text.partition("{")
    body, closing, _ = rest.partition("}")
    if not brace or not closing:
        raise InputError(f"{path}: not a .pts file: expected points between {{ and }}")
    try:
        numbers = np.array([float(word) for word in body.split()])
    except ValueError as error:
        raise InputError(f"{path}: not a .pts file ({error})") from error
    if len(numbers) != 2 * N_POINTS:
        raise InputError(f"{path}: expected {N_POINTS} points, got {len(numbers) / 2:g}")
    return _checked(numbers.reshape(N_POINTS, 2), str(path)) - 1.0


def read_json(path: Path) -> tuple[dict[str, Array], dict[str, float]]:
    """Landmarks and yaw by file name.

    The file is an object: ``{"a.jpg": [[x, y], ...]}`` or ``{"a.jpg": {"landmarks": [[x, y], ...],
    "yaw_deg": 12.5}}``, pixels counted from 0.

    Returns:
        (68, 2) points of each picture, and the yaw of those that have one.

    Raises:
        InputError: Not such a file, or points that are not 68 or not finite.
    """
    content = json_of_file(path, pairs=_once)
    if not isinstance(content, dict):
        raise InputError(
            f"{path}: expected an object of file names, got a {type(content).__name__}"
        )
    points: dict[str, Array] = {}
    yaws: dict[str, float] = {}
    for name, entry in content.items():
        source = f"{path}: {name}"
        if isinstance(entry, dict):
            if entry.get("yaw_deg") is not None:
                yaws[name] = _number(entry["yaw_deg"], f"{source}: yaw_deg")
            entry = entry.get("landmarks")
        try:
            array = np.array(entry, np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"{source}: not a list of points [[x, y], ...]") from error
        points[name] = _checked(array, source)
    return points, yaws


def read_npz(path: Path) -> tuple[dict[str, Array], dict[str, float]]:
    """The same from arrays: ``name`` (n,), ``landmarks`` (n, 68, 2 or 3), ``yaw_deg`` (n,) or none.

    Raises:
        InputError: Not such a file, counts differ, or points that are not finite.
    """
    try:
        arrays = read_arrays(path, ("name", "landmarks"), optional=("yaw_deg",))
        names = [str(name) for name in arrays["name"]]
        landmarks = arrays["landmarks"].astype(np.float64)
        yaw = arrays["yaw_deg"].astype(np.float64) if "yaw_deg" in arrays else None
    except (ValueError, TypeError) as error:  # read_npz's, or of texts in the place of numbers
        raise InputError(f"{path}: expected arrays name and landmarks ({error})") from error
    counts = [len(names), len(landmarks), *([] if yaw is None else [len(yaw)])]
    if len(set(counts)) != 1:
        raise InputError(f"{path}: name, landmarks and yaw_deg have different lengths {counts}")
    if len(set(names)) != len(names):
        raise InputError(f"{path}: a photograph is named twice: one face a picture")
    points = {
        name: _checked(each, f"{path}: {name}") for name, each in zip(names, landmarks, strict=True)
    }
    if yaw is None:
        return points, {}
    return points, {
        name: _number(each, f"{path}: {name}: yaw_deg")
        for name, each in zip(names, yaw.tolist(), strict=True)
    }


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, of which JSON alone would keep the last of equal names."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is there twice: keep one of them")
    return found


def _checked(points: Array, source: str) -> Array:
    if points.shape not in ((N_POINTS, 2), (N_POINTS, 3)):
        raise InputError(f"{source}: expected ({N_POINTS}, 2) landmarks, got {points.shape}")
    if not np.isfinite(points).all():
        raise InputError(f"{source}: landmarks that are not finite numbers: leave it out")
    return points[:, :2]


def _number(value: object, source: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{source}: expected a finite number, got {value!r}")
    return float(value)
