"""Least squares with every unknown between 0 and 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDS = 30
_SWEEPS = 500
_EXACT = 1e-9


def solve_in_unit_box(normal: Array, right: Array, near: Array | None = None) -> Array:
    """Minimise ``x' N x / 2 - r' x`` over 0 <= x <= 1.

    Primal-dual active sets (Bergounioux, Ito and Kunisch 1999): most often done after a few linear
    solves. Where they go in circles, cyclic coordinate descent finishes, which always converges.

    Args:
        normal: (n, n) symmetric, positive definite.
        right: (n,).
        near: (n,) the solution of a problem like this one, from whose bounds the search begins.

    Returns:
        (n,) in [0, 1].
    """
    start = np.full(len(right), 0.5) if near is None else near
    low, high = start <= 0.0, start >= 1.0
    for _ in range(_ROUNDS):
        free = ~(low | high)
        x = high.astype(np.float64)
        if free.any():
            rest = right[free] - normal[np.ix_(free, high)].sum(axis=1)
            x[free] = np.linalg.solve(normal[np.ix_(free, free)], rest)
        slope = right - normal @ x  # zero where x is free
        now_low = np.where(low, slope <= 0.0, free & (x < 0.0))
        now_high = np.where(high, slope >= 0.0, free & (x > 1.0))
        if np.array_equal(now_low, low) and np.array_equal(now_high, high):
            return np.asarray(np.clip(x, 0.0, 1.0), np.float64)
        low, high = now_low, now_high
    return _coordinate_descent(normal, right, np.clip(x, 0.0, 1.0))


def _coordinate_descent(normal: Array, right: Array, start: Array) -> Array:
    x = start.copy()
    slope = right - normal @ x
    for _ in range(_SWEEPS):
        largest = 0.0
        for k in range(len(x)):
            value = min(max(x[k] + slope[k] / normal[k, k], 0.0), 1.0)
            step = value - x[k]
            if step:
                slope -= normal[:, k] * step
                x[k] = value
                largest = max(largest, abs(step))
        if largest < _EXACT:
            break
    return x
