"""A face model's basis as whole numbers, without loss where its numbers lie on a grid.

Each row of the basis (the mean, each mode) has its own step: a power of two, or a power of ten
where it was rounded to decimals. The low 16 bits of the whole numbers are one array, what lies
above them another, which deflates to next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from ..errors import FaceModelError

FloatArray = NDArray[np.float32]

LOW, HIGH, STEP = "basis", "basis_high", "basis_step"  #: Fields of the file.
_LARGEST = 2**23 - 1  # whole numbers that 8 + 16 bits hold
_BINARY = [2.0**exponent for exponent in range(4, -13, -1)]  # from the coarsest that a row may have
_DECIMAL = [10.0**-places for places in range(1, 6)]


def on_grid(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The nearest multiples of ``step``; minus zero becomes zero."""
    return np.asarray(np.round(values / step) * step + 0.0, np.float64)


def compact_basis(basis: FloatArray) -> dict[str, NDArray[Any]] | None:
    """(51, 3N) basis -> the file's fields, or None where whole numbers would lose something.

    ``basis`` int16 (51, 3N), ``basis_high`` int8 (51, 3N) where 16 bits do not suffice, and
    ``basis_step`` (51,): (high * 65536 + low) * step, rounded to float32, is the basis bit by bit.
    """
    whole = np.empty(basis.shape, np.int32)
    steps = np.empty(len(basis), np.float64)
    for row, values in enumerate(basis.astype(np.float64)):
        found = _whole_numbers(values, _BINARY) or _whole_numbers(values, _DECIMAL)
        if found is None:
            return None
        whole[row], steps[row] = found
    low = whole.astype(np.int16)  # wraps: what is missing is in the high bits
    high = ((whole - low) >> 16).astype(np.int8)
    exact = steps.astype(np.float32)
    fields: dict[str, NDArray[Any]] = {LOW: low}
    if high.any():
        fields[HIGH] = high
    fields[STEP] = exact if np.array_equal(exact, steps) else steps
    return fields


def full_basis(fields: Mapping[str, NDArray[Any]], source: str) -> FloatArray:
    """The basis that `compact_basis` was made from.

    Raises:
        FaceModelError: The arrays do not belong together.
    """
    low, steps, high = fields[LOW], fields[STEP], fields.get(HIGH)
    if low.ndim != 2 or low.dtype.kind != "i":
        raise FaceModelError(
            f"{source}: field {LOW}: expected rows of whole numbers beside {STEP}, got {low.shape} "
            f"{low.dtype}: fetch the file again"
        )
    if steps.shape != (len(low),) or steps.dtype.kind != "f":
        raise FaceModelError(
            f"{source}: field {STEP}: expected ({len(low)},) numbers, got {steps.shape} "
            f"{steps.dtype}: fetch the file again"
        )
    if high is not None and (high.shape != low.shape or high.dtype.kind != "i"):
        raise FaceModelError(
            f"{source}: field {HIGH}: expected {low.shape} whole numbers, got {high.shape} "
            f"{high.dtype}: fetch the file again"
        )
    basis = np.empty(low.shape, np.float32)
    for row, step in enumerate(steps.astype(np.float64)):  # by rows: a wide copy of one at a time
        whole = low[row].astype(np.float64)
        if high is not None:
            whole += high[row] * 65536.0
        basis[row] = whole * step
    return basis


def _whole_numbers(
    values: NDArray[np.float64], steps: list[float]
) -> tuple[NDArray[np.int32], float] | None:
    """Whole numbers and the coarsest of the steps that give the values back in float32."""
    for step in steps:
        whole = np.rint(values / step)
        if np.abs(whole).max(initial=0.0) > _LARGEST:
            return None  # finer steps only make the numbers larger
        if np.array_equal((whole * step).astype(np.float32), values):
            return whole.astype(np.int32), step
    return None
