"""What this machine can do at most: arithmetic and memory, measured in the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frsdk.backends.onnxruntime_session import BoundSession, open_session
from frsdk.morphable.one_operator_onnx import one_operator

from .interleaved_timing import interleaved

_SIDE = 768  # of the square matrices: 0.9 GFLOP, far above the cost of a call
_BYTES = 192 << 20  # well over any last-level cache here
_ROUNDS = 7
_ROWS = 51  # of a matrix that a vector is multiplied with, as a face model's basis


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Best of several runs with one thread.

    Attributes:
        gflops: 10^9 FP32 operations a second (a multiply-add is two) of a large matrix product, by
            NumPy or by ONNX Runtime, whichever is faster: their kernels differ.
        copy_gbs: 10^9 bytes a second, read and written, of a large copy.
        read_gbs: 10^9 bytes a second read from memory (:func:`read_gbs`).
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
            "NumPy": lambda: np.matmul(left, right, out=product),
            "ONNX Runtime": _engine_product(left, right).run,
            "copy": lambda: np.copyto(target, source),
        },
        rounds=_ROUNDS,
        on_round=on_round,
    )
    best = {name: float(each.seconds.min()) for name, each in samples.items()}
    return Ceilings(
        gflops=2 * _SIDE**3 / min(best["NumPy"], best["ONNX Runtime"]) / 1e9,
        copy_gbs=2 * _BYTES / best["copy"] / 1e9,
        read_gbs=read_gbs(_BYTES),
    )


def read_gbs(n_bytes: int, rounds: int = _ROUNDS) -> float:
    """10^9 bytes a second at which arrays of a size are read again and again, one thread.

    The faster of a dot product of the array with itself and of a vector's product with the array as
    a matrix, each at its best. Arrays that fit a cache are read from it, as by any other reader.

    Args:
        n_bytes: Size of the array.
        rounds: Repetitions; the best counts.
    """
    matrix = np.ones((_ROWS, max(1, n_bytes // 4 // _ROWS)), np.float32)
    flat, vector = matrix.reshape(-1), np.ones(_ROWS, np.float32)
    out = np.empty(matrix.shape[1], np.float32)
    samples = interleaved(
        {"dot": lambda: np.dot(flat, flat), "product": lambda: np.dot(vector, matrix, out=out)},
        rounds=rounds,
    )
    return matrix.nbytes / min(float(each.seconds.min()) for each in samples.values()) / 1e9


def _engine_product(left: np.ndarray, right: np.ndarray) -> BoundSession:
    """The same product through ONNX Runtime, its second factor packed beforehand."""
    shape = left.shape
    graph = one_operator(
        "MatMul",
        inputs={"left": ("float32", shape)},
        constants={"right": right},
        output=("product", "float32", shape),
    )
    return BoundSession(open_session(graph, threads=1), batch=left, out=np.empty_like(left))
