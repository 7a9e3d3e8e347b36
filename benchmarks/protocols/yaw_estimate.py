"""Yaw of a face from its landmarks alone, to put faces without a pose label into bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.morphable.head_pose import angles_300w_lp
from frsdk.morphable.morphable_model import builtin_face_model

Array = NDArray[np.float64]

_INNER = slice(17, 68)  # annotators put the far jaw on the visible outline


def estimated_yaw_deg(landmarks: Array) -> float:
    """Yaw in degrees, positive when the face turns to the image's right.

    A scaled orthographic camera is fitted by least squares to the mean face's inner landmarks
    (DeMenthon and Davis, IJCV 1995, first step).

    Args:
        landmarks: (68, 2) pixels, y down.

    Raises:
        InputError: The points do not span a face.
    """
    model = builtin_face_model()
    shape = model.mean[model.landmark_indices].astype(np.float64)[_INNER]
    points = landmarks[_INNER] * (1.0, -1.0)  # y up
    centred = shape - shape.mean(axis=0)
    camera, *_ = np.linalg.lstsq(centred, points - points.mean(axis=0), rcond=None)  # (3, 2)
    u, singular, vt = np.linalg.svd(camera.T, full_matrices=False)
    if not singular[1] > 1e-6 * singular[0]:
        raise InputError("the landmarks lie on one line: they are not those of a face")
    first, second = u @ vt  # the nearest two orthonormal rows
    rotation = np.stack([first, second, np.cross(first, second)])
    return angles_300w_lp(rotation)[0]
