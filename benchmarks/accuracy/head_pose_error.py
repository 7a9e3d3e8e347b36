"""Mean absolute error of head-pose angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LIMIT_DEG = 99.0  # Ruiz et al., CVPRW 2018: faces with a larger true angle are left out


@dataclass(frozen=True, slots=True)
class PoseError:
    """Mean absolute errors in degrees, of angles in the order of 300W-LP's labels.

    Attributes:
        yaw_deg: Of yaw.
        pitch_deg: Of pitch.
        roll_deg: Of roll.
        mean_deg: Mean of the three.
        count: Faces that count.
        left_out: Faces left out: no label, a true angle beyond 99°, or no face found.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    mean_deg: float
    count: int
    left_out: int


def pose_error(found_deg: Array, truth_deg: Array) -> PoseError | None:
    """Errors of (n, 3) yaw, pitch and roll (`Pose.angles_300w_lp`); None where no face counts.

    Differences are taken around the circle: 179° and -179° are 2° apart.
    """
    usable = np.isfinite(found_deg).all(axis=1) & np.isfinite(truth_deg).all(axis=1)
    usable &= ~(np.abs(np.where(np.isfinite(truth_deg), truth_deg, 0.0)) > LIMIT_DEG).any(axis=1)
    if not usable.any():
        return None
    difference = (found_deg[usable] - truth_deg[usable] + 180.0) % 360.0 - 180.0
    yaw, pitch, roll = (float(value) for value in np.abs(difference).mean(axis=0))
    count = int(usable.sum())
    return PoseError(yaw, pitch, roll, (yaw + pitch + roll) / 3.0, count, len(truth_deg) - count)
