"""A face model's modes in 8 bits, and how far that is from the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError
from .face_model_arrays import N_COEFFICIENTS
from .morphable_model import MorphableModel

FloatArray = NDArray[np.float32]

LARGEST_ERROR = 1e-3  # share of the face's size
N_REFINED = 6  # modes with a second row, for what the first leaves: they hold most of the error
_LEVELS = 127
_DRAWN_FACES = 64


@dataclass(frozen=True, slots=True, eq=False)
class IntegerBasis:
    """Mode k ≈ the sum of row_scale[j] * rows[j] over the rows j that belong to it.

    Attributes:
        rows: (56, 3N) int8: 50 modes and the second rows of 6.
        mode_of_row: (56,) the mode of each row.
        row_scale: (56,) float64, per raw coefficient.
        error: Largest distance to the exact vertex over 64 seeded faces of the model, as a share
            of the face's size, the square root of its landmark box.
    """

    rows: NDArray[np.int8]
    mode_of_row: NDArray[np.int64]
    row_scale: NDArray[np.float64]
    error: float


def integer_basis(model: MorphableModel) -> IntegerBasis:
    """Round a model's modes to 8 bits.

    Each mode has its own scale. One scale per column as well would gain a fifth of the error, for a
    pass over all vertices.

    Raises:
        FaceModelError: The vertices of some face would be off by more than 1e-3 of its size.
    """
    modes = model.basis[1:] * model.coefficient_std[:, None]  # (50, 3N), per standard deviation
    rows, row_scale = _rounded(modes)
    left = modes - rows * row_scale[:, None]
    refined = np.sort(np.argsort(np.abs(left).max(axis=1))[::-1][:N_REFINED])
    second, second_scale = _rounded(left[refined])
    left[refined] -= second * second_scale[:, None]
    error = _drawn_error(left, model)
    if error > LARGEST_ERROR:
        raise FaceModelError(
            f"{model.name}: 8 bits would move vertices by {error:.1e} of the face's size, more "
            f"than {LARGEST_ERROR:.0e}: use vertex_precision='fp32'"
        )
    mode_of_row = np.concatenate([np.arange(N_COEFFICIENTS), refined])
    scale = np.concatenate([row_scale, second_scale]).astype(np.float64)
    return IntegerBasis(
        rows=np.concatenate([rows, second]).astype(np.int8),
        mode_of_row=mode_of_row,
        row_scale=scale / model.coefficient_std[mode_of_row],
        error=error,
    )


def face_size(model: MorphableModel) -> float:
    """Square root of the area of the mean face's landmark box, in the model's unit."""
    points = model.mean[model.landmark_indices, :2]
    width, height = points.max(axis=0) - points.min(axis=0)
    return float(np.sqrt(width * height))


def _rounded(modes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whole numbers of at most 127, and the (k,) scales that turn them back into the modes."""
    scale = np.maximum(np.abs(modes).max(axis=1), np.finfo(np.float32).tiny) / _LEVELS
    return np.rint(modes / scale[:, None]), scale


def _drawn_error(lost: FloatArray, model: MorphableModel) -> float:
    """(50, 3N) what is lost of each mode -> the largest distance on drawn faces."""
    drawn = np.random.default_rng(0).normal(size=(_DRAWN_FACES, N_COEFFICIENTS))
    largest = 0.0
    for coefficients in drawn.astype(np.float32):
        offsets = (coefficients @ lost).reshape(-1, 3)  # (3N,) -> (N, 3)
        largest = max(largest, float(np.square(offsets).sum(axis=1).max()))
    return float(np.sqrt(largest)) / face_size(model)
