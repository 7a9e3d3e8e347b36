"""Unknown parts of a picture filled smoothly from the known ones (pull-push)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def smooth_fill(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Fill in what has no weight, from averages over ever larger squares.

    Pull: weighted means over 2x2 pixels, down to one. Push: each level keeps what it knows and
    takes the rest from the coarser one (Gortler et al., The Lumigraph, SIGGRAPH 1996, sec. 3.4).

    Args:
        values: (H, W, C) float32.
        weights: (H, W) float32, 0 unknown to 1 known.

    Returns:
        (H, W, C) float32; zeros where nothing at all is known.
    """
    height, width = weights.shape
    if height == 1 and width == 1:
        return values * (weights[..., None] > 0)
    half = ((width + 1) // 2, (height + 1) // 2)
    mass = _shrunk(weights, half)
    mean = _shrunk(values * weights[..., None], half) / np.maximum(mass, 1e-6)[..., None]
    # A square of which a quarter is known counts as known: it is the best there is.
    coarse = smooth_fill(np.asarray(mean, np.float32), np.minimum(mass * 4, 1))
    large = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    large = large.reshape(values.shape)
    return np.asarray(large + (values - large) * weights[..., None], np.float32)


def _shrunk(array: FloatArray, size_wh: tuple[int, int]) -> FloatArray:
    small = np.asarray(cv2.resize(array, size_wh, interpolation=cv2.INTER_AREA), np.float32)
    return small.reshape(size_wh[1], size_wh[0], *array.shape[2:])
