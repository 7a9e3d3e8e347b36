"""Labels of AFLW2000-3D and 300W-LP: one ``.mat`` file beside each picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.storage.label_300w_lp import read_300w_lp_label

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MatLabel:
    """One face.

    Attributes:
        landmarks: (68, 2 or 3) image pixels counted from 0, y down, z toward the camera; None
            where the file has no 68 points.
        pose_deg: (3,) yaw, pitch and roll as stored (300W-LP's order), in frsdk's signs.
        params: (62,) raw 3DDFA parameters: f R | t, 40 shape and 10 expression coefficients.
    """

    landmarks: Array | None
    pose_deg: Array
    params: Array


def read_mat_label(path: Path) -> MatLabel:
    """Read ``Pose_Para``, ``Shape_Para``, ``Exp_Para`` and the 68 landmarks.

    The files count pixels from 1. ``Pose_Para`` is pitch, yaw, roll in radians, translation and
    scale, with R = Rx(-pitch) Ry(-yaw) Rz(-roll) in the y-up frame: 3DDFA's yaw has the other sign.

    Raises:
        InputError: Missing, damaged, or a field is missing, of another size or not finite.
        MissingDependencyError: SciPy is not installed.
    """
    label = read_300w_lp_label(path)
    pitch, yaw, roll = (float(angle) for angle in np.degrees(label.pose[:3]))
    rotation = rotation_300w_lp(-yaw, pitch, roll)
    block = np.concatenate([label.pose[6] * rotation, label.pose[3:6, None]], axis=1)  # (3, 4)
    return MatLabel(
        landmarks=label.landmarks,
        pose_deg=np.array([-yaw, pitch, roll]),
        params=np.concatenate([block.reshape(12), label.shape, label.expression]),
    )
