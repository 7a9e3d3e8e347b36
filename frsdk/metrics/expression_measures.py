"""Openings of eyes and mouth, width of the mouth and height of the brows, from 68 landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Names of what ``expression_measures`` gives, in its order.
MEASURES = ("eye opening", "mouth opening", "mouth width", "brow height")

#: The landmarks that the measures use.
MEASURED_LANDMARKS = np.array([19, 24, *range(36, 48), 48, 54, 61, 62, 63, 65, 66, 67])

# Outer corner, two upper lid points, inner corner, two lower lid points; the person's right first.
_EYES = ((36, 37, 38, 39, 40, 41), (45, 44, 43, 42, 47, 46))
_INNER_LIPS = ((61, 67), (62, 66), (63, 65))
_MOUTH_CORNERS = (48, 54)
_BROW_TO_LID = ((19, 37), (24, 44))
_OUTER_CORNERS = (36, 45)


def eye_openings(landmarks: NDArray[np.floating]) -> Array:
    """Eye aspect ratio of each eye (Soukupová and Čech, CVWW 2016, eq. 1).

    Args:
        landmarks: (n, 68, 2 or more) in any pixels.

    Returns:
        (n, 2): the person's right eye, left eye; about 0.3 open, below 0.12 closed.
    """
    points = np.asarray(landmarks, np.float64)[..., :2]
    sides = []
    for outer, above, above_in, inner, below_in, below in _EYES:
        gap = _distance(points, above, below) + _distance(points, above_in, below_in)
        sides.append(gap / (2.0 * _distance(points, outer, inner)))
    return np.stack(sides, axis=1)


def expression_measures(landmarks: NDArray[np.floating]) -> Array:
    """What the face does, in four numbers that do not depend on the picture's scale or roll.

    Args:
        landmarks: (n, 68, 2 or more) in any pixels.

    Returns:
        (n, 4) in the order of ``MEASURES``: mean eye aspect ratio; mean gap of the inner lips,
        distance of the mouth's corners and mean height of the brows over the lids, each over the
        distance of the outer eye corners.
    """
    points = np.asarray(landmarks, np.float64)[..., :2]
    eyes = _distance(points, *_OUTER_CORNERS)
    lips = np.mean([_distance(points, *pair) for pair in _INNER_LIPS], axis=0)
    brows = np.mean([_distance(points, *pair) for pair in _BROW_TO_LID], axis=0)
    width = _distance(points, *_MOUTH_CORNERS)
    return np.stack(
        [eye_openings(points).mean(axis=1), lips / eyes, width / eyes, brows / eyes], axis=1
    )


def _distance(points: Array, first: int, second: int) -> Array:
    return np.asarray(np.linalg.norm(points[:, first] - points[:, second], axis=1), np.float64)
