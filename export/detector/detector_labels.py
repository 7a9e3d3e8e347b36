"""What the detector is taught to draw: a box and five points from 68 landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..datasets.face_labels import MIRROR_68

Array = NDArray[np.float64]

N_POINTS = 5

# Share of the way from chin to brows that the box goes on above the brows. Of 0, 0.1 ... 0.5 the
# values 0.3 to 0.35 agree best with YuNet's boxes on the 942 val crops: mean IoU 0.885 (0.71 at 0).
_FOREHEAD = 1.0 / 3.0
_BROWS, _CHIN = slice(17, 27), slice(6, 11)
_EYES, _NOSE_TIP, _MOUTH_CORNERS = (slice(36, 42), slice(42, 48)), 30, (48, 54)


def face_boxes(landmarks: Array) -> Array:
    """Boxes about the 68 landmarks and the forehead.

    The brows, moved on along the line from chin to brows by a third of its length, stand for the
    hairline, so that the box turns with the face before it is drawn upright.

    Args:
        landmarks: (n, 68, 2) on the continuous plane, where pixel 0 covers [0, 1).

    Returns:
        (n, 4) xyxy.
    """
    brows = landmarks[:, _BROWS]  # (n, 10, 2)
    upward = brows.mean(axis=1) - landmarks[:, _CHIN].mean(axis=1)  # (n, 2)
    hairline = brows + _FOREHEAD * upward[:, None]
    points = np.concatenate([landmarks, hairline], axis=1)  # (n, 78, 2)
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def five_points(landmarks: Array) -> Array:
    """Both eyes' centres, nose tip and mouth corners.

    Args:
        landmarks: (n, 68, 2).

    Returns:
        (n, 5, 2): the person's right eye, left eye, nose tip, right and left mouth corner.
    """
    eyes = [landmarks[:, eye].mean(axis=1) for eye in _EYES]
    rest = [landmarks[:, index] for index in (_NOSE_TIP, *_MOUTH_CORNERS)]
    return np.stack([*eyes, *rest], axis=1)


def mirrored_landmarks(landmarks: Array, width: float) -> Array:
    """Landmarks of the mirrored picture.

    Args:
        landmarks: (68, 2) on the continuous plane.
        width: Of the picture, pixels.
    """
    mirror = np.asarray(landmarks[MIRROR_68], np.float64)  # a copy
    mirror[:, 0] = width - mirror[:, 0]
    return mirror
