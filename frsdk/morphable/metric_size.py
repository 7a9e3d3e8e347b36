"""How large a face is: millimetres from the assumed distance between its eyes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

EYE_DISTANCE_MM = 63.0  # between the pupils: the mean of adults (Dodgson, 2004: 63.36 mm)
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)  # of iBUG's 68 points


def mm_per_unit(landmarks: NDArray[np.floating], eye_distance_mm: float = EYE_DISTANCE_MM) -> float:
    """Millimetres per unit of a face's own frame.

    A photograph does not tell a face's size: it follows from the distance between the middles of
    the eyes, which is assumed.

    Args:
        landmarks: (68, 3) in the model frame, iBUG's order.
        eye_distance_mm: The assumed distance.

    Raises:
        InputError: The distance is not a positive number, or both eyes lie in one point.
    """
    if not (math.isfinite(eye_distance_mm) and eye_distance_mm > 0):
        raise InputError(f"expected a positive eye distance in mm, got {eye_distance_mm}")
    left, right = landmarks[_LEFT_EYE].mean(axis=0), landmarks[_RIGHT_EYE].mean(axis=0)
    distance = float(np.linalg.norm(np.asarray(right, np.float64) - left))
    if distance <= 0:
        raise InputError("both eyes of the face lie in one point: it has no size")
    return eye_distance_mm / distance
