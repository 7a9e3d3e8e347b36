"""Constant offsets from MediaPipe's points to the 68 landmarks, a table and how it is applied.

Across outlines people's templates say where they lie (``calibrate_offsets``); along outlines and on
the nose, where any spacing is a matter of definition, the face model's own landmarks do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_table import builtin_blendshapes

from ..datasets.fit_parameters import align_similarity

Array = NDArray[np.float64]

NO_OFFSETS = np.zeros((68, 3))
_OUTLINE_WEIGHT = 0.1  # the outline of a mesh is its own
_EYES = ((36, 39), (42, 45))


def rotations(landmarks: Array) -> Array:
    """(n, 3, 3) head rotations of (n, 68, 3) landmarks in a y-up frame."""
    weights = np.ones(68)
    weights[:17] = _OUTLINE_WEIGHT
    return align_similarity(landmarks, builtin_blendshapes().neutral, weights).rotation


def with_offsets(landmarks: Array, offsets: Array) -> Array:
    """Landmarks moved by offsets that turn with the head.

    Args:
        landmarks: (n, 68, 3), y up, z toward the camera.
        offsets: (68, 3) right, up and forward in the face's frame, in distances of the eyes'
            middles.
    """
    turned = np.einsum("nij,kj->nki", rotations(landmarks), offsets)
    moved = np.array(landmarks, np.float64)
    moved += turned * eye_distance(landmarks)[:, None, None]
    return moved


def eye_distance(landmarks: Array) -> Array:
    """(n,) distance in 3D of the middles of the eyes."""
    right, left = (landmarks[:, pair].mean(axis=1) for pair in _EYES)
    return np.asarray(np.linalg.norm(left - right, axis=1), np.float64)
