"""The patches that fill the sculpture's openings: eyeballs, and the inside of the mouth."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .sculpt_mesh import EYE, MOUTH, HalfMesh
from .sculpt_plane import feature_curves
from .sculpt_reference import FloatArray

_EYEBALL_CENTRE = np.array([32.6, 33.9, -6.4])
_EYEBALL_RADIUS = 12.3
_LID_EDGE = 0.9  # mm from the rim within which the lid's edge turns in to the eyeball
_DEEPEST_CORNER = 2.4  # mm that the patch may lie behind the lids in the eye's corners
_GAZE = (32.2, 34.6)  # centre of the cornea
_CORNEA_HEIGHT, _CORNEA_WIDTH = 0.7, 5.6  # mm
_PUPIL_DEPTH, _PUPIL_WIDTH = 0.8, 2.2  # mm, as sculptors carve it
_MOUTH_DEPTH = 9.0  # mm
_LIP_EDGE = 1.6  # mm


def recess_patches(points: FloatArray, mesh: HalfMesh) -> FloatArray:
    """Return the (n, 3) points with the eye and mouth patches set behind their rims."""
    curves = feature_curves(spacing=0.1)
    recessed = points.copy()
    eye = mesh.region == EYE
    recessed[eye, 2] = _eyeball_depth(points[eye], _distance(mesh.plane[eye], curves.eye))
    mouth = mesh.region == MOUTH
    lips = np.concatenate([curves.inner_upper_lip, curves.inner_lower_lip])
    sunk = 1.0 - np.exp(-((_distance(mesh.plane[mouth], lips) / _LIP_EDGE) ** 2))
    recessed[mouth, 2] -= _MOUTH_DEPTH * sunk
    return recessed


def _eyeball_depth(points: FloatArray, to_rim: FloatArray) -> FloatArray:
    iris = np.hypot(points[:, 0] - _GAZE[0], points[:, 1] - _GAZE[1])
    across = np.sum((points[:, :2] - _EYEBALL_CENTRE[:2]) ** 2, axis=1)
    ball = _EYEBALL_CENTRE[2] + np.sqrt(np.maximum(_EYEBALL_RADIUS**2 - across, 0.0))
    floor = points[:, 2] - _DEEPEST_CORNER
    behind = np.logaddexp(2.0 * ball, 2.0 * floor) / 2.0  # a smooth maximum
    edge = np.exp(-((to_rim / _LID_EDGE) ** 2))
    behind = behind + _CORNEA_HEIGHT * np.exp(-((iris / _CORNEA_WIDTH) ** 4))
    behind = behind - _PUPIL_DEPTH * np.exp(-((iris / _PUPIL_WIDTH) ** 4))
    depth: FloatArray = behind + (points[:, 2] - behind) * edge
    return depth


def _distance(plane: FloatArray, curve: FloatArray) -> FloatArray:
    """Distance in the plane to a finely sampled curve."""
    distance: FloatArray = cKDTree(curve).query(plane)[0]
    return distance
