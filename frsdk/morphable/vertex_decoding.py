"""From coefficients to posed points: V = f Pr Π S + t (Li et al., ICPR 2020, eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.roi import Roi, image_from_crop_matrix

FloatArray = NDArray[np.float32]

N_POSE = 12
_MATRIX_FROM = 8  # faces: below, one product per face is faster than one for all (OpenBLAS)
_FEW_POINTS = 256  # landmarks: always one by one, so that no other face changes their last bit
_BLOCK_POINTS = 4096  # decoded and posed while they are in the cache


def crop_poses(params: NDArray[np.floating], size: int) -> FloatArray:
    """The matrices from the model frame to crop pixels.

    Args:
        params: (n, 12 or more) de-whitened parameters, the pose first.
        size: Pixels of a side of the network's crop.

    Returns:
        (n, 3, 4): i right, j down (y turns within the matrix), z toward the camera.
    """
    poses = np.array(params[:, :N_POSE], np.float32).reshape(-1, 3, 4)  # (n, 12) -> (n, 3, 4)
    poses[:, 1] *= -1.0
    poses[:, 1, 3] += size - 1
    return poses


def image_poses(params: NDArray[np.floating], rois: Sequence[Roi], size: int) -> FloatArray:
    """The matrices from the model frame to image pixels, so that no second pass is needed.

    Args:
        params: (n, 12 or more) de-whitened parameters, the pose first.
        rois: n squares that the crops were cut from.
        size: Pixels of a side of the network's crop.

    Returns:
        (n, 3, 4): x right, y down, z in the same scale.
    """
    poses = crop_poses(params, size).astype(np.float64)
    for pose, roi in zip(poses, rois, strict=True):
        matrix = image_from_crop_matrix(roi, size)
        pose[:] = matrix[:, :3] @ pose
        pose[:, 3] += matrix[:, 3]
    return poses.astype(np.float32)


def transform_points(points: FloatArray, matrix: NDArray[np.floating], out: FloatArray) -> None:
    """(K, 3) points by a (3, 4) matrix into ``out`` (K, 3), contiguous: one pass."""
    # A seventh of the time of NumPy's two passes for rotation and translation.
    cv2.transform(points[None], np.asarray(matrix, np.float32), dst=out[None])


def output_array(out: FloatArray | None, shape: tuple[int, ...]) -> FloatArray:
    """The caller's array after a check, or a new one.

    Raises:
        InputError: It has another shape or type, or is not contiguous and writable.
    """
    if out is None:
        return np.empty(shape, np.float32)
    if out.shape != shape or out.dtype != np.float32:
        raise InputError(f"expected out {shape} float32, got {out.shape} {out.dtype}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InputError("expected a C-contiguous, writable out: make it with numpy.empty")
    return out


def decode_points(
    basis: FloatArray,
    coefficients: NDArray[np.floating],
    poses: FloatArray,
    out: FloatArray | None = None,
) -> FloatArray:
    """Posed points of n faces.

    Args:
        basis: (1 + c, 3K) float32 row-major: the mean and c modes, columns x0 y0 z0 x1 ... .
        coefficients: (n, c).
        poses: (n, 3, 4) from the model frame to where the points shall be.
        out: (n, K, 3) float32 to write into; a new array when None.

    Returns:
        (n, K, 3) float32.

    Raises:
        InputError: ``out`` has another shape or type.
    """
    n, points = len(coefficients), basis.shape[1] // 3
    posed = output_array(out, (n, points, 3))
    weights = np.empty((n, len(basis)), np.float32)
    weights[:, 0] = 1.0
    weights[:, 1:] = coefficients
    if n < _MATRIX_FROM or points <= _FEW_POINTS:
        shape = np.empty(basis.shape[1], np.float32)
        for index in range(n):
            np.dot(weights[index], basis, out=shape)
            transform_points(shape.reshape(points, 3), poses[index], posed[index])
        return posed
    scratch = np.empty(n * 3 * min(points, _BLOCK_POINTS), np.float32)
    for first in range(0, points, _BLOCK_POINTS):
        last = min(first + _BLOCK_POINTS, points)
        shapes = scratch[: n * 3 * (last - first)].reshape(n, 3 * (last - first))
        np.matmul(weights, basis[:, 3 * first : 3 * last], out=shapes)
        for index in range(n):
            block = shapes[index].reshape(last - first, 3)  # (3k,) -> (k, 3)
            transform_points(block, poses[index], posed[index, first:last])
    return posed
