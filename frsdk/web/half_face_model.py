"""A face model of half the size, for the way into a browser."""

from __future__ import annotations

import io
import math
from typing import Any  # arrays of several types

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError
from ..morphable.face_model_arrays import N_COEFFICIENTS
from ..morphable.int8_basis import face_size
from ..morphable.morphable_model import MorphableModel

LARGEST_ERROR = 1e-3  # share of the face's size
_DRAWN_FACES = 64


def half_face_model(model: MorphableModel) -> bytes:
    """The model as an ``.npz`` whose modes have 16 bits, with what that costs.

    It has `mean` (3N,) float32, `modes` (50, 3N) float16, `landmark_indices`, `triangles`, `name`,
    `sha256` of the whole model, which networks refer to, and `rounding_error`: the largest distance
    of a vertex to the exact one over 64 seeded faces, as a share of the face's size.

    Raises:
        FaceModelError: The vertices of some face would be off by more than 1e-3 of its size.
    """
    with np.errstate(over="ignore"):  # beyond 65,504 a mode becomes infinite, which the check sees
        modes = model.basis[1:].astype(np.float16)
    error = rounding_error(model, modes)
    if not error <= LARGEST_ERROR:
        raise FaceModelError(
            f"{model.name}: 16 bits would move vertices by {error:.1e} of the face's size, more "
            f"than {LARGEST_ERROR:.0e}: scale its modes to millimetres"
        )
    arrays: dict[str, Any] = {
        "mean": model.basis[0],
        "modes": modes,
        "landmark_indices": model.landmark_indices,
        "triangles": model.triangles,
        "name": np.asarray(model.name),
        "sha256": np.asarray(model.sha256),
        "rounding_error": np.asarray([error], np.float32),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def rounding_error(model: MorphableModel, modes: NDArray[np.float16]) -> float:
    """Largest distance that rounded modes move a vertex, as a share of the face's size."""
    if not np.isfinite(modes).all():
        return math.inf
    lost = model.basis[1:] - modes.astype(np.float32)  # (50, 3N)
    drawn = np.random.default_rng(0).normal(size=(_DRAWN_FACES, N_COEFFICIENTS))
    drawn *= model.coefficient_std
    largest = 0.0
    for coefficients in drawn.astype(np.float32):
        offsets = (coefficients @ lost).reshape(-1, 3)  # (3N,) -> (N, 3)
        largest = max(largest, float(np.square(offsets).sum(axis=1).max()))
    return float(np.sqrt(largest)) / face_size(model)
