"""The reference face that the sculpture is modelled on: 68 landmarks in nominal millimetres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

LANDMARK_COUNT = 68

# One side (the person's left, x >= 0) of the mean of the label statistics, rounded to 0.01 mm.
# Model frame: x toward the image's right, y up, z toward the viewer.
_HALF: dict[int, tuple[float, float, float]] = {
    8: (0.00, -85.40, 3.39),
    9: (22.86, -80.53, -3.95),
    10: (38.32, -72.31, -22.14),
    11: (49.98, -63.13, -41.95),
    12: (59.73, -48.70, -58.20),
    13: (65.17, -30.50, -67.06),
    14: (68.99, -13.64, -70.71),
    15: (72.89, 4.89, -72.57),
    16: (74.85, 25.17, -75.10),
    22: (19.69, 55.09, 18.01),
    23: (29.09, 57.60, 15.49),
    24: (39.44, 58.31, 10.16),
    25: (50.31, 56.06, 1.55),
    26: (58.87, 48.65, -10.57),
    27: (0.00, 33.52, 21.22),
    28: (0.00, 20.91, 30.91),
    29: (0.00, 8.77, 40.65),
    30: (0.00, -1.73, 42.80),
    33: (0.00, -13.60, 26.34),
    34: (7.29, -12.40, 24.24),
    35: (12.63, -11.53, 19.69),
    42: (20.02, 33.04, 3.13),
    43: (28.75, 38.01, 5.61),
    44: (38.30, 38.01, 5.39),
    45: (45.00, 33.46, -3.13),
    46: (37.98, 30.59, 3.07),
    47: (28.09, 30.91, 5.48),
    51: (0.00, -27.00, 26.52),
    52: (6.29, -25.98, 25.83),
    53: (18.34, -30.18, 18.66),
    54: (27.89, -36.30, 5.37),
    55: (17.55, -43.10, 15.84),
    56: (9.10, -46.98, 21.01),
    57: (0.00, -47.80, 22.16),
    62: (0.00, -32.46, 22.58),
    63: (8.26, -32.82, 20.48),
    64: (25.78, -36.01, 5.91),
    65: (8.11, -38.79, 19.56),
    66: (0.00, -39.47, 20.85),
}

# fmt: off
LANDMARK_MIRROR: tuple[int, ...] = (
    16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
    64, 63, 62, 61, 60, 67, 66, 65,
)
# fmt: on
"""Index of each iBUG-68 landmark's mirror image in the plane x = 0."""

HALF_LANDMARKS: tuple[int, ...] = tuple(_HALF)
"""The 39 landmarks with x >= 0; those with x == 0 are their own mirror images."""


def reference_landmarks() -> FloatArray:
    """Return the reference landmarks, (68, 3) float64, exactly symmetric in x."""
    points = np.zeros((LANDMARK_COUNT, 3))
    for index, (x, y, z) in _HALF.items():
        points[index] = (x, y, z)
        points[LANDMARK_MIRROR[index]] = (-x if x else 0.0, y, z)
    return points
