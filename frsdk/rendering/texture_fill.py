"""Unknown parts of a texture filled from the known ones, seams padded: smoothly, or by nearness."""

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


def nearest_fill(values: FloatArray, weights: FloatArray, blur: float) -> FloatArray:
    """Carry what is known at the border outward, more and more blurred.

    A cheek goes on as a cheek and hair as hair, where `smooth_fill` would take the mean of both.

    Args:
        values: (H, W, C) float32.
        weights: (H, W) float32, 0 unknown to 1 known.
        blur: Pixels (standard deviation) of the blur across the carried values.

    Returns:
        (H, W, C) float32.
    """
    known = weights >= 0.5
    if not known.any():
        return smooth_fill(values, weights)
    mass = cv2.GaussianBlur(weights, (0, 0), blur / 2)
    mean = cv2.GaussianBlur(values * weights[..., None], (0, 0), blur / 2)
    mean = mean.reshape(values.shape) / np.maximum(mass, 1e-6)[..., None]
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = np.asarray(labels)
    of_label = np.zeros((int(flat.max()) + 1, values.shape[2]), np.float32)
    of_label[flat[known]] = mean[known]
    carried = of_label[flat]  # (H, W, C)
    smooth = cv2.GaussianBlur(carried, (0, 0), blur).reshape(values.shape)
    return np.asarray(smooth + (values - smooth) * weights[..., None], np.float32)


def nearest_covered(inside: NDArray[np.bool_], pixels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Which covered texel pads each one: around a seam the border takes its neighbour's place.

    Args:
        inside: (G, G) whether a texel is covered.
        pixels: (n,) flat places of the covered ones.

    Returns:
        (G * G,) for each texel the number, in `pixels`, of the nearest covered one.
    """
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = np.asarray(labels).ravel()
    number = np.zeros(int(flat.max()) + 1, np.intp)
    number[flat[pixels]] = np.arange(len(pixels))
    return np.asarray(number[flat])


def _shrunk(array: FloatArray, size_wh: tuple[int, int]) -> FloatArray:
    small = np.asarray(cv2.resize(array, size_wh, interpolation=cv2.INTER_AREA), np.float32)
    return small.reshape(size_wh[1], size_wh[0], *array.shape[2:])
