"""From the body's axes to the camera's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """``rotation @ (point - centre)``."""

    centre: Array
    rotation: Array

    def __call__(self, points: NDArray[np.floating]) -> FloatArray:
        """(n, 3) points of the body in camera axes."""
        centre, rotation = self.centre.astype(np.float32), self.rotation.astype(np.float32)
        return np.asarray((np.asarray(points, np.float32) - centre) @ rotation.T, np.float32)
