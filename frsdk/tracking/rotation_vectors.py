"""Rotations as vectors: axis times angle in radians.

In plain numbers, which for a single rotation are quicker than arrays.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TINY = 1e-12


def vector_from_rotation(rotation: Array) -> tuple[float, float, float]:
    """The vector of a proper (3, 3) rotation; its length is at most pi."""
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    trace = a + e + i
    if trace <= 0.0:  # turned over 90 degrees: the rare case, near whose end the sign is lost
        x, y, z = np.asarray(cv2.Rodrigues(rotation)[0]).ravel().tolist()
        return x, y, z
    twice_w = math.sqrt(1.0 + trace)  # of the unit quaternion
    x, y, z = h - f, c - g, d - b  # 2 twice_w times its vector
    sine = math.sqrt(x * x + y * y + z * z) / (2.0 * twice_w)
    share = 1.0 / twice_w  # of an angle of zero
    if sine > _TINY:
        share *= math.atan2(sine, twice_w / 2.0) / sine
    return x * share, y * share, z * share


def rotation_from_vector(x: float, y: float, z: float) -> Array:
    """The (3, 3) rotation of a vector (Rodrigues' formula)."""
    square = x * x + y * y + z * z
    angle = math.sqrt(square)
    if angle < _TINY:
        return np.eye(3)
    sine, versed = math.sin(angle) / angle, (1.0 - math.cos(angle)) / square
    xy, xz, yz = versed * x * y, versed * x * z, versed * y * z
    return np.array(
        [
            [1.0 - versed * (y * y + z * z), xy - sine * z, xz + sine * y],
            [xy + sine * z, 1.0 - versed * (x * x + z * z), yz - sine * x],
            [xz - sine * y, yz + sine * x, 1.0 - versed * (x * x + y * y)],
        ]
    )
