"""Arrays from ``.npy`` files, or from pickles that hold nothing but arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.storage.array_unpickler import read_array_pickle
from frsdk.storage.npz_arrays import DAMAGED
from frsdk.storage.path_kinds import is_file

Array = NDArray[np.float64]


def find_array(folder: Path, stem: str) -> Path | None:
    """``stem.npy``, else ``stem.pkl``, else None."""
    for suffix in (".npy", ".pkl"):
        path = folder / f"{stem}{suffix}"
        if is_file(path):
            return path
    return None


def read_array(path: Path, shape: tuple[int | None, ...]) -> Array:
    """One array of numbers.

    Args:
        path: ``.npy``, or ``.pkl`` of one array.
        shape: Expected; None where any length will do.

    Returns:
        float64.

    Raises:
        InputError: Missing, damaged, holds something else, or has another shape.
    """
    if not is_file(path):
        raise InputError(f"{path}: no such label file")
    try:
        if path.suffix == ".pkl":
            value = read_array_pickle(path)
        else:
            value = np.load(path, allow_pickle=False)
        array = np.asarray(value, np.float64)
    except DAMAGED as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not an array of numbers ({reason})") from error
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if each is None else str(each) for each in shape)
        raise InputError(f"{path}: expected an array ({wanted}), got {array.shape}")
    return array


def read_points(path: Path, n_points: int) -> Array:
    """Points stored coordinates first, (n, 2 or 3, k), as (n, k, 2 or 3).

    Raises:
        InputError: As :func:`read_array`.
    """
    array = read_array(path, (None, None, n_points))
    if array.shape[1] not in (2, 3):
        raise InputError(f"{path}: expected (n, 2 or 3, {n_points}), got {array.shape}")
    return np.ascontiguousarray(array.transpose(0, 2, 1))  # (n, d, k) -> (n, k, d)
