"""A mean face for tests: 68 landmarks in nominal mm, one side listed and mirrored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# fmt: off
MIRROR = np.array([
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
])
_LEFT = [  # (iBUG index, x, y, z) with x >= 0
    (8, 0, -86, 4), (9, 23, -81, -4), (10, 39, -72, -22), (11, 50, -63, -42), (12, 60, -49, -58),
    (13, 65, -31, -67), (14, 69, -14, -71), (15, 73, 5, -73), (16, 75, 25, -75),
    (22, 20, 55, 18), (23, 29, 58, 15), (24, 40, 58, 10), (25, 50, 56, 1), (26, 59, 48, -11),
    (27, 0, 34, 21), (28, 0, 21, 31), (29, 0, 9, 41), (30, 0, -2, 43),
    (33, 0, -14, 26), (34, 7, -12.5, 24), (35, 13, -11.5, 20),
    (42, 20, 33, 3), (43, 29, 38, 6), (44, 38, 38, 5), (45, 45, 33.5, -3), (46, 38, 30.5, 3),
    (47, 28, 31, 5.5), (51, 0, -27, 26), (52, 6.5, -26, 26), (53, 18, -30, 19), (54, 28, -36, 5),
    (55, 17.5, -43, 16), (56, 9, -47, 21), (57, 0, -48, 22), (62, 0, -32.5, 23), (63, 8, -33, 20),
    (64, 26, -36, 6), (65, 8, -39, 19.5), (66, 0, -39.5, 21),
]
# fmt: on


def mean_landmarks() -> npt.NDArray[np.float64]:
    """Return (68, 3) landmarks, exactly symmetric in x."""
    points = np.zeros((68, 3))
    for index, x, y, z in _LEFT:
        points[index] = (x, y, z)
        points[MIRROR[index]] = (-x if x else 0.0, y, z)
    return points
