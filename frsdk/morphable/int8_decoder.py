"""Dense vertices from an 8-bit basis through ONNX Runtime's integer products."""

from __future__ import annotations

import threading
from typing import Any  # ONNX Runtime is optional and has no types

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backends.onnxruntime_session import BoundSession, open_session
from ..errors import InputError
from .face_model_arrays import N_COEFFICIENTS
from .int8_basis import integer_basis
from .morphable_model import MorphableModel
from .one_operator_onnx import one_operator
from .vertex_decoding import FloatArray, output_array, transform_points

# Digits of 7 bits: without VNNI, x86 adds two products of 8-bit numbers in 16 bits, which must not
# overflow. Two digits hold a coefficient to 1 / 16,128 of the largest.
_DIGIT, _ZERO = 127, 64
_LARGEST = 63 * _DIGIT + 63
_FACES_AT_ONCE = 4  # the products of more leave the cache


class IntegerDecoder:
    """Decodes as `MorphableModel` does, from a quarter of the memory.

    A dense decode waits for the basis to come from memory, so bytes are time. Coefficients are two
    7-bit digits, sums are exact in 32 bits, the mean and the pose stay FP32.

    Attributes:
        nbytes: Bytes of the 8-bit basis.
        error: Largest distance to the FP32 vertex over seeded faces of the model, as a share of
            the face's size; at most 1e-3.
    """

    def __init__(self, model: MorphableModel, *, threads: int = 1) -> None:
        """Round the basis and load it into the engine.

        Raises:
            FaceModelError: 8 bits are not enough for this model.
            MissingDependencyError: ONNX Runtime is not installed.
        """
        basis = integer_basis(model)
        self._mode_of_row, self._row_scale = basis.mode_of_row, basis.row_scale
        self._mean = model.basis[:1]  # (1, 3N)
        self.nbytes, self.error = basis.rows.nbytes, basis.error
        graph = one_operator(
            "MatMulInteger",
            inputs={"digits": ("uint8", ("rows", len(basis.rows)))},
            constants={"basis": basis.rows, "zero": np.array(_ZERO, np.uint8)},
            output=("sums", "int32", ("rows", basis.rows.shape[1])),
        )
        # Two products of 7-bit digits and 8-bit modes fit 16 bits, so the fast kernel is exact.
        session = open_session(graph, threads=threads, exact_int8=False)
        self._scratch = _Scratch(session, len(basis.rows), self._mean.size)

    def decode_posed(
        self,
        coefficients: NDArray[np.floating],
        poses: FloatArray,
        *,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Dense surface of n faces in the frame that their poses lead to.

        Args:
            coefficients: (n, 50).
            poses: (n, 3, 4), for example of :func:`frsdk.morphable.vertex_decoding.image_poses`.
            out: (n, N, 3) float32 to write into; a new array when None.

        Raises:
            InputError: Another shape, or ``out`` has another type or is not contiguous.
        """
        n = len(coefficients)
        if coefficients.ndim != 2 or coefficients.shape[1] != N_COEFFICIENTS:
            raise InputError(
                f"expected coefficients (n, {N_COEFFICIENTS}), got {coefficients.shape}"
            )
        posed = output_array(out, (n, self._mean.size // 3, 3))
        scratch, shape = self._scratch, self._scratch.shape
        for first in range(0, n, _FACES_AT_ONCE):
            steps = self._write_digits(coefficients[first : first + _FACES_AT_ONCE], scratch.digits)
            scratch.product_of(len(steps)).run()
            for index, step in enumerate(steps):
                high, low = scratch.sums[2 * index], scratch.sums[2 * index + 1]  # (3N,)
                high *= _DIGIT
                high += low
                shape[0] = high  # int32 -> float32
                cv2.scaleAdd(shape, step, self._mean, dst=shape)
                points = shape.reshape(-1, 3)  # (1, 3N) -> (N, 3)
                transform_points(points, poses[first + index], posed[first + index])
        return posed

    def _write_digits(
        self, coefficients: NDArray[np.floating], digits: NDArray[np.uint8]
    ) -> list[float]:
        """(k, 50) -> high and low digits in turn into the first 2 k rows; each face's step."""
        values = coefficients[:, self._mode_of_row] * self._row_scale  # (k, 56) float64
        largest = np.abs(values).max(axis=1, keepdims=True)
        largest[largest == 0.0] = 1.0
        steps = largest / _LARGEST
        whole = np.rint(values / steps)
        high = np.rint(whole / _DIGIT)
        digits[0 : 2 * len(values) : 2] = high + _ZERO
        digits[1 : 2 * len(values) : 2] = whole - _DIGIT * high + _ZERO
        found: list[float] = steps[:, 0].tolist()
        return found


class _Scratch(threading.local):
    """Each thread's arrays: new ones each time, and binding them, cost as much as all the passes.

    Attributes:
        digits: (8, rows) uint8, high and low of each face.
        sums: (8, 3N) int32, likewise.
        shape: (1, 3N) float32.
    """

    def __init__(self, session: Any, rows: int, columns: int) -> None:
        self.digits = np.empty((2 * _FACES_AT_ONCE, rows), np.uint8)
        self.sums = np.empty((2 * _FACES_AT_ONCE, columns), np.int32)
        self.shape = np.empty((1, columns), np.float32)
        self._session = session
        self._products: dict[int, BoundSession] = {}

    def product_of(self, faces: int) -> BoundSession:
        """What computes the sums of the first faces."""
        if faces not in self._products:
            rows = slice(0, 2 * faces)
            bound = BoundSession(self._session, batch=self.digits[rows], out=self.sums[rows])
            self._products[faces] = bound
        return self._products[faces]
