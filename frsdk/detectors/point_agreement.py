"""Whether landmarks lie where the detector saw eyes, nose and mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .face_presence import five_points

# Of 459 right faces of 25 px and more, turned by up to 45 degrees, none was above 0.17 of the
# square's side; half of them below 0.03.
_MOST_SHARE, _MOST_PX = 0.2, 2.0  # small faces have points that are a pixel or two off


def landmarks_contradict(
    landmarks: NDArray[np.floating], points_xy: Sequence[Sequence[float]], side_px: float
) -> bool:
    """Whether the landmarks cannot be those of the face that a detector saw.

    Args:
        landmarks: (68, 2 or 3) image pixels.
        points_xy: A detection's five points; without any nothing is contradicted.
        side_px: Side of the square that the network saw.

    Returns:
        True when the five points are off by more than a fifth of the square and two pixels, in
        the mean.
    """
    if len(points_xy) != 5:
        return False
    off = five_points(np.asarray(landmarks, np.float64)[:, :2]) - np.asarray(points_xy, np.float64)
    distance = float(np.hypot(off[:, 0], off[:, 1]).mean())
    return not (math.isfinite(distance) and distance <= _MOST_SHARE * side_px + _MOST_PX)
