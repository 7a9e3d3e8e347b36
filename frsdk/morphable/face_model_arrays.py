"""Check the arrays of a morphable face model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn  # Any: arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError

ARRAY_FIELDS = ("basis", "coefficient_std", "landmark_indices", "triangles", "uv", "mirror")
INDEX_FIELDS = ("landmark_indices", "triangles", "mirror")
N_COEFFICIENTS = 50

_N_LANDMARKS = 68
_LARGEST = float(np.finfo(np.float32).max)


def check_arrays(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    """Check shapes, types and ranges, before anything is converted.

    Args:
        arrays: One for each of ARRAY_FIELDS.
        source: The file or model, for messages.

    Raises:
        FaceModelError: One is wrong; the message names it.
    """
    n_vertices = _check_shapes(arrays, source)
    for name in ARRAY_FIELDS:
        if arrays[name].size:
            _check_numbers(name, arrays[name], n_vertices, source)
    std, mirror = arrays["coefficient_std"], arrays["mirror"]
    if std.min() <= 0.0:
        _refuse(source, "coefficient_std", "positive numbers", std.min())
    if mirror.size and not np.array_equal(mirror[mirror], np.arange(n_vertices)):
        _refuse(source, "mirror", "each vertex to be its mirror vertex's mirror", "others")


def _check_shapes(arrays: Mapping[str, NDArray[Any]], source: str) -> int:
    """Check the shapes and return the number of vertices."""
    basis, rows = arrays["basis"], 1 + N_COEFFICIENTS
    if basis.ndim != 2 or basis.shape[0] != rows or basis.shape[1] % 3 or not basis.size:
        _refuse(source, "basis", f"({rows}, 3 N)", basis.shape)
    n = int(basis.shape[1]) // 3
    triangles = arrays["triangles"].shape
    shapes = {
        "coefficient_std": ((N_COEFFICIENTS,),),
        "landmark_indices": ((_N_LANDMARKS,),),
        "triangles": ((triangles[0] if triangles else 0, 3),),
        "uv": ((n, 2), (0, 2)),
        "mirror": ((n,), (0,)),
    }
    for name, allowed in shapes.items():
        if arrays[name].shape not in allowed:
            _refuse(source, name, " or ".join(map(str, allowed)), arrays[name].shape)
    return n


def _check_numbers(name: str, array: NDArray[Any], n_vertices: int, source: str) -> None:
    wanted = np.integer if name in INDEX_FIELDS else np.floating
    if not np.issubdtype(array.dtype, wanted):
        _refuse(source, name, f"{wanted.__name__} numbers", array.dtype)
    low, high = array.min(), array.max()  # NaN when there is one
    if name in INDEX_FIELDS:
        if low < 0 or high >= n_vertices:
            _refuse(source, name, f"indices of {n_vertices} vertices", f"{low}..{high}")
    elif not (low >= -_LARGEST and high <= _LARGEST):
        _refuse(source, name, "finite numbers", f"{low}..{high}")


def _refuse(source: str, name: str, expected: str, got: object) -> NoReturn:
    raise FaceModelError(
        f"{source}: field {name}: expected {expected}, got {got}: "
        "make the file with frsdk-export facemodel"
    )
