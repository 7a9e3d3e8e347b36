"""Arrays from ``.npy`` files, or from pickles that hold nothing but arrays."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any  # pickles and NumPy arrays of any type, checked where they are taken

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

Array = NDArray[np.float64]

# What a pickled array is made of; NumPy 2 renamed the module.
_ALLOWED = {
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"), ("numpy.core.numeric", "_frombuffer"),
}  # fmt: skip


class _ArrayUnpickler(pickle.Unpickler):
    """Refuses every name but those of arrays: a pickle can run any code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants {module}.{name}, only NumPy arrays are read")
        return super().find_class(module, name)


def find_array(folder: Path, stem: str) -> Path | None:
    """``stem.npy``, else ``stem.pkl``, else None."""
    for suffix in (".npy", ".pkl"):
        path = folder / f"{stem}{suffix}"
        if path.is_file():
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
    if not path.is_file():
        raise InputError(f"{path}: no such label file")
    try:
        if path.suffix == ".pkl":
            with path.open("rb") as file:
                value = _ArrayUnpickler(file, encoding="latin1").load()
        else:
            value = np.load(path, allow_pickle=False)
        array = np.asarray(value, np.float64)
    except (pickle.UnpicklingError, ValueError, TypeError, OSError, EOFError, KeyError,
            IndexError, AttributeError, ImportError) as error:  # fmt: skip
        raise InputError(f"{path}: not an array of numbers ({error})") from error
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
