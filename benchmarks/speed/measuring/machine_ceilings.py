"""What this machine can do at most: arithmetic and memory, measured in the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .timing import interleaved

_SIDE = 768  # of the square matrices: 0.9 GFLOP, far above the cost of a call
_BYTES = 192 << 20  # well over any last-level cache here
_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Best of several runs with one thread.

    Attributes:
        gflops: 10^9 FP32 operations a second (a multiply-add is two) of a large matrix product.
        copy_gbs: 10^9 bytes a second, read and written, of a large copy.
        read_gbs: 10^9 bytes a second read by a large dot product with itself.
    """

    gflops: float
    copy_gbs: float
    read_gbs: float


def measure_ceilings(on_round: Callable[[], None] = lambda: None) -> Ceilings:
    """Multiply, copy and read; NumPy must run with one thread."""
    random = np.random.default_rng(0)
    left, right = random.random((2, _SIDE, _SIDE), np.float32)
    product = np.empty_like(left)
    source = np.ones(_BYTES // 4, np.float32)
    target = np.empty_like(source)
    samples = interleaved(
        {
            "product": lambda: np.matmul(left, right, out=product),
            "copy": lambda: np.copyto(target, source),
            "read": lambda: np.dot(source, source),
        },
        rounds=_ROUNDS,
        on_round=on_round,
    )
    best = {name: float(each.seconds.min()) for name, each in samples.items()}
    return Ceilings(
        gflops=2 * _SIDE**3 / best["product"] / 1e9,
        copy_gbs=2 * _BYTES / best["copy"] / 1e9,
        read_gbs=_BYTES / best["read"] / 1e9,
    )
