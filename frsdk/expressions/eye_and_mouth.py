"""How closed eyes are and how open a mouth is, 0..1, from the 68 landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Eye: distance of the lids over the distance of the corners. Annotated landmarks on photographs are
# below the first where they say "closed" and above the second where they say "open".
EYE_CLOSED, EYE_OPEN = 0.12, 0.25
# Mouth: distance of the inner lips over that of the outer corners of the eyes. The second is
# ICT-FaceKit's jaw open at full strength.
MOUTH_CLOSED, MOUTH_OPEN = 0.03, 0.37

_RIGHT_EYE = ((37, 41), (38, 40), (36, 39))  # the person's right; lids, lids, corners
_LEFT_EYE = ((44, 46), (43, 47), (42, 45))
_LIPS = ((61, 67), (62, 66), (63, 65))


def eye_opening(landmarks: NDArray[np.floating]) -> tuple[float, float]:
    """Lids' distance over the corners' of the person's left and right eye.

    Args:
        landmarks: (68, 3) or (68, 2); with depth, a turned head does not shorten the corners'.
    """
    left, right = (
        (_gap(landmarks, *eye[0]) + _gap(landmarks, *eye[1])) / 2.0 / _gap(landmarks, *eye[2])
        for eye in (_LEFT_EYE, _RIGHT_EYE)
    )
    return left, right


def eyes_closed(landmarks: NDArray[np.floating]) -> tuple[float, float]:
    """How closed the person's left and right eye are: 0 open, 1 closed."""
    left, right = (
        _share(EYE_OPEN - each, EYE_OPEN - EYE_CLOSED) for each in eye_opening(landmarks)
    )
    return left, right


def mouth_open(landmarks: NDArray[np.floating]) -> float:
    """How open the mouth is: 0 lips together, 1 the jaw fully down."""
    lips = sum(_gap(landmarks, *pair) for pair in _LIPS) / len(_LIPS)
    return _share(lips / _gap(landmarks, 36, 45) - MOUTH_CLOSED, MOUTH_OPEN - MOUTH_CLOSED)


def _gap(landmarks: NDArray[np.floating], first: int, second: int) -> float:
    distance = np.linalg.norm(np.asarray(landmarks[first] - landmarks[second], np.float64))
    return max(float(distance), 1e-9)


def _share(value: float, whole: float) -> float:
    return float(np.clip(value / whole, 0.0, 1.0))
