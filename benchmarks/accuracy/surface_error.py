"""Reconstruction error of a surface after similarity alignment."""

from __future__ import annotations

from typing import Any  # SciPy has no types

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.installation.optional_packages import missing_package

Array = NDArray[np.float64]

OUTER_EYE_CORNERS = (36, 45)
_MAX_ROUNDS = 30
_CONVERGED = 1e-4  # relative change of the mean distance


def aligned(source: Array, target: Array, *, moved: Array | None = None) -> Array:
    """Move points by the similarity that brings `source` closest to `target`.

    Least squares over rotation, translation and one scale (Umeyama, PAMI 1991).

    Args:
        source: (n, 3) points, n >= 3.
        target: (n, 3) where they should be.
        moved: (m, 3) points to move; None moves `source`.

    Raises:
        InputError: Shapes differ, or the points are all the same.
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3 or len(source) < 3:
        raise InputError(f"expected (n >= 3, 3) points twice, got {source.shape}, {target.shape}")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    spread = float((centred**2).sum())
    if not spread > 0.0:
        raise InputError("the points to align all lie at one place")
    u, singular, vt = np.linalg.svd((target - target_mean).T @ centred)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    scale = float((singular * signs).sum()) / spread
    points = source if moved is None else moved
    return np.asarray(scale * (points - source_mean) @ rotation.T + target_mean, np.float64)


def corresponding_nme_percent(found: Array, truth: Array, eye_distance: float) -> float:
    """Mean 3D distance of corresponding points after alignment, over the eye distance, percent."""
    return _percent(np.linalg.norm(aligned(found, truth) - truth, axis=1), eye_distance)


def nearest_nme_percent(
    found: Array, truth: Array, found_landmarks: Array, truth_landmarks: Array
) -> float:
    """Mean 3D distance from each true point to the nearest found one after ICP, in percent.

    For surfaces of different meshes, as VRN (Jackson et al., ICCV 2017) and PRNet (Feng et al.,
    ECCV 2018) measure: aligned first by the 68 landmarks, then by iterated closest points, over
    the true 3D distance of the outer eye corners.

    Args:
        found: (n, 3) vertices.
        truth: (m, 3) vertices.
        found_landmarks: (68, 3) in the same frame as `found`.
        truth_landmarks: (68, 3) in the same frame as `truth`.

    Raises:
        MissingDependencyError: SciPy is not installed.
    """
    tree_class = _tree_class()
    current = aligned(found_landmarks, truth_landmarks, moved=found)
    before = np.inf
    for _ in range(_MAX_ROUNDS):
        distance, nearest = tree_class(current).query(truth)
        mean = float(distance.mean())
        if before - mean <= _CONVERGED * mean:
            break
        before = mean
        current = aligned(current[nearest], truth, moved=current)
    return _percent(distance, eye_distance(truth_landmarks))


def eye_distance(landmarks: Array) -> float:
    """3D distance of the outer eye corners of (68, 3) landmarks."""
    first, second = OUTER_EYE_CORNERS
    return float(np.linalg.norm(landmarks[first] - landmarks[second]))


def _percent(distances: Array, eye_distance: float) -> float:
    if not eye_distance > 0.0:
        raise InputError("the true outer eye corners lie at one place: nothing to divide by")
    return 100.0 * float(distances.mean()) / eye_distance


def _tree_class() -> Any:
    try:
        from scipy.spatial import cKDTree
    except (ImportError, OSError) as error:
        title = "closest points need SciPy, which"
        raise missing_package(error, "scipy", "eval", title=title) from error
    return cKDTree
