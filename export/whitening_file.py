"""Read the means and deviations by which 3DDFA's networks whiten the 62 parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError, InputError

from .facemodel.importers import read_array_pickle

Array = NDArray[np.float64]

# 3DDFA's param_whitening.pkl, 3DDFA_V2's param_mean_std_62d_120x120.pkl.
_NAMES = (("param_mean", "param_std"), ("mean", "std"))
_COUNT = 62
_LACKS = "lacks param_mean and param_std, or mean and std"


def read_whitening(path: Path) -> tuple[Array, Array]:
    """(62,) means and (62,) deviations of raw parameters, as upstream stores them.

    Args:
        path: An ``.npz``, or a pickle of a dictionary of arrays; nothing in it is executed.

    Raises:
        InputError: Missing, damaged, or without these arrays.
    """
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                content = dict(file)
        else:
            content = read_array_pickle(path)
        if not isinstance(content, dict):
            raise InputError(f"{path}: {_LACKS}: holds a {type(content).__name__}")
        names = next((pair for pair in _NAMES if set(pair) <= set(content)), None)
        if names is None:
            raise InputError(f"{path}: {_LACKS}: give 3DDFA's whitening file")
        mean, std = (np.asarray(content[name], np.float64) for name in names)
    except (FaceModelError, OSError, ValueError, TypeError, EOFError) as error:
        raise InputError(f"{path}: {_LACKS}: cannot be read ({error})") from error
    if mean.shape != (_COUNT,) or std.shape != (_COUNT,):
        raise InputError(
            f"{path}: expected {_COUNT} means and deviations, got {mean.shape} and {std.shape}: "
            "give the file of the 62-parameter network"
        )
    return mean, std
