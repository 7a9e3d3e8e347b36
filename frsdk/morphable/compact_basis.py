"""A face model's basis in 16 bits, without loss where its numbers lie on a grid.

Each row of the basis (the mean, each mode) has its own step, a power of two, so that whole numbers
times steps are exact in float32.
"""

from __future__ import annotations

from typing import Any  # arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError

FloatArray = NDArray[np.float32]

_LARGEST = 2**15 - 1
_FINEST = -12  # exponents of the steps that are tried, from the coarsest that a file may have
_COARSEST = 4


def on_grid(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The nearest multiples of ``step``; minus zero becomes zero."""
    return np.asarray(np.round(values / step) * step + 0.0, np.float64)


def compact_basis(basis: FloatArray) -> tuple[NDArray[np.int16], FloatArray] | None:
    """(51, 3N) basis -> int16 of the same shape and (51,) steps, or None where that would lose.

    The product of both, in float32, is the basis bit by bit.
    """
    whole = np.empty(basis.shape, np.int16)
    steps = np.empty(len(basis), np.float32)
    for row, values in enumerate(basis):
        for exponent in range(_COARSEST, _FINEST - 1, -1):
            scaled = values * np.float32(2.0**-exponent)
            rounded = np.rint(scaled)
            if np.abs(rounded).max() > _LARGEST:
                return None  # finer steps only make the numbers larger
            if np.array_equal(rounded, scaled):
                whole[row], steps[row] = rounded, 2.0**exponent
                break
        else:
            return None
    return whole, steps


def full_basis(whole: NDArray[Any], steps: NDArray[Any], source: str) -> FloatArray:
    """The basis that `compact_basis` was made from.

    Raises:
        FaceModelError: The arrays do not belong together.
    """
    if whole.ndim != 2 or steps.shape != (len(whole),) or steps.dtype.kind != "f":
        raise FaceModelError(
            f"{source}: field basis_step: expected ({len(whole)},) numbers, got {steps.shape} "
            f"{steps.dtype}: fetch the file again"
        )
    return np.asarray(whole.astype(np.float32) * steps.astype(np.float32)[:, None], np.float32)
