"""Read the means and deviations by which 3DDFA's networks whiten the 62 parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # what a pickle holds is checked after reading

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.storage.array_unpickler import read_array_pickle
from frsdk.storage.npz_arrays import read_npz

Array = NDArray[np.float64]

# 3DDFA's param_whitening.pkl, 3DDFA_V2's param_mean_std_62d_120x120.pkl.
_NAMES = (("param_mean", "param_std"), ("mean", "std"))
_COUNT = 62


def read_whitening(path: Path) -> tuple[Array, Array]:
    """(62,) means and (62,) deviations of raw parameters, as upstream stores them.

    Args:
        path: An ``.npz``, or a pickle of a dictionary of arrays; nothing in it is executed.

    Raises:
        InputError: Missing, damaged, or without these arrays.
    """
    try:
        content: Any
        if path.suffix == ".npz":
            content = read_npz(path, (), optional=(name for pair in _NAMES for name in pair))
        else:
            content = read_array_pickle(path)
        if not isinstance(content, dict):
            raise ValueError(f"holds a {type(content).__name__}")
        names = next((pair for pair in _NAMES if set(pair) <= set(content)), None)
        if names is None:
            raise ValueError("holds neither")
        mean, std = (np.asarray(content[name], np.float64) for name in names)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: lacks param_mean and param_std, or mean and std ({error}): give the "
            "whitening file of 3DDFA or 3DDFA_V2"
        ) from error
    if mean.shape != (_COUNT,) or std.shape != (_COUNT,):
        raise InputError(
            f"{path}: expected {_COUNT} means and deviations, got {mean.shape} and {std.shape}: "
            "give the file of the 62-parameter network"
        )
    return mean, std
