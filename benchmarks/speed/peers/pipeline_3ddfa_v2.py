"""Our re-statement of 3DDFA_V2's ONNX pipeline, to time beside ours.

After Guo et al., "Towards Fast, Accurate and Stable 3D Dense Face Alignment" (ECCV 2020), and what
its authors publish about the deployed form: the ROI is cut and resized to 120 x 120, (x - 127.5) /
128, a MobileNetV1 gives 62 whitened numbers, and V = R (u + W_shp a + W_exp e) + t by two products
with a column-major basis, then from the crop's frame to the image's. Nothing here is their code.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import MorphableModel, Roi
from frsdk.morphable.face_model_arrays import N_COEFFICIENTS

FloatArray = NDArray[np.float32]

VERTICES = 38_365  # of 3DDFA_V2's face without ears and neck
_SHAPE = 40
_SIZE = 120


class V2Decoder:
    """The formula on a face model's columns, as that project lays them out.

    Args:
        basis: (51, 3K) mean, 40 shape and 10 expression modes.
    """

    def __init__(self, basis: FloatArray) -> None:
        self._mean = np.ascontiguousarray(basis[0][:, None])  # (3K, 1)
        self._shape = np.ascontiguousarray(basis[1 : 1 + _SHAPE].T)  # (3K, 40)
        self._expression = np.ascontiguousarray(basis[1 + _SHAPE :].T)  # (3K, 10)

    def __call__(self, params: FloatArray, roi: Roi) -> FloatArray:
        """(62,) parameters -> (3, K) image pixels."""
        pose = params[:12].reshape(3, 4)
        shape = params[12 : 12 + _SHAPE, None]
        expression = params[12 + _SHAPE :, None]
        flat = self._mean + self._shape @ shape + self._expression @ expression  # (3K, 1)
        points = pose[:, :3] @ flat.reshape(3, -1, order="F") + pose[:, 3:]  # (3, K)
        points[0] -= 1
        points[2] -= 1
        points[1] = _SIZE - points[1]
        scale = roi.side / _SIZE
        points[0] = points[0] * scale + roi.x0
        points[1] = points[1] * scale + roi.y0
        points[2] *= scale
        points[2] -= points[2].min()
        return np.asarray(points, np.float32)


class V2Pipeline:
    """Crop, network and both decodes of one face.

    Args:
        run: The network: (1, 3, 120, 120) -> (1, 62).
        model: A face model of 3DDFA_V2's size.
    """

    def __init__(self, run: Callable[[FloatArray], FloatArray], model: MorphableModel) -> None:
        self._run = run
        self._mean, self._std = np.zeros(62, np.float32), np.ones(62, np.float32)
        self._mean[[0, 5, 10]], self._mean[[3, 7]] = 0.5, _SIZE / 2
        self._std[:12] = 1e-3
        self._dense = V2Decoder(model.basis)
        self._sparse = V2Decoder(model.landmark_basis)

    def __call__(self, image: NDArray[np.uint8], roi: Roi) -> tuple[FloatArray, FloatArray]:
        """(H, W, 3) BGR -> (3, 68) and (3, N) image pixels."""
        crop = cv2.resize(_cut(image, roi), (_SIZE, _SIZE), interpolation=cv2.INTER_LINEAR)
        batch = (crop.astype(np.float32).transpose(2, 0, 1)[None] - 127.5) / 128.0
        params = self._run(batch)[0] * self._std + self._mean
        return self._sparse(params, roi), self._dense(params, roi)


def _cut(image: NDArray[np.uint8], roi: Roi) -> NDArray[np.uint8]:
    """The ROI's whole pixels, black outside the image."""
    x0, y0, x1, y1 = (round(value) for value in roi.xyxy)
    height, width = image.shape[:2]
    out = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    out[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
    return out


def model_of_size(model: MorphableModel, vertices: int) -> MorphableModel:
    """A synthetic face model: another's vertices repeated up to a number.

    Time depends on the size alone, and errors relative to the face stay those of the original.
    """
    index = np.arange(vertices) % model.n_vertices
    columns = (index[:, None] * 3 + np.arange(3)).reshape(-1)  # (N, 3) -> (3N,)
    return MorphableModel(
        name=f"{model.name}, repeated to {vertices} vertices",
        basis=model.basis[: 1 + N_COEFFICIENTS, columns],
        coefficient_std=model.coefficient_std,
        landmark_indices=model.landmark_indices,
        triangles=np.zeros((0, 3), np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
        licence=model.licence,
        units=model.units,
    )
