"""Head pose from the first twelve parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..imaging.roi import Roi, image_from_crop_points

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Head pose in the photograph.

    The rotation is ``Rx(-pitch) Ry(yaw) Rz(-roll)`` in a right-handed frame: x right, y up, z
    toward the camera (the order of 300W-LP's ``Pose_Para``).

    Attributes:
        yaw_deg: Positive when the face turns to the image's right.
        pitch_deg: Positive when it looks up.
        roll_deg: Positive when it leans clockwise in the image.
        scale: Image pixels per unit of the face model.
        translation: (3,) image position of the model's origin: x right, y down, z, in pixels.
        rotation: (3, 3) from the model frame to the y-up image frame.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    scale: float
    translation: Array
    rotation: Array = field(repr=False)


def rotation_from_angles(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """(3, 3) rotation of the three angles, see :class:`Pose`."""
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, -pitch_deg, -roll_deg))
    cp, sp, cy, sy = math.cos(pitch), math.sin(pitch), math.cos(yaw), math.sin(yaw)
    cr, sr = math.cos(roll), math.sin(roll)
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    about_y = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    about_z = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def angles_from_rotation(rotation: Array) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a (3, 3) rotation, see :class:`Pose`.

    At a yaw of exactly ±90° pitch and roll turn about one axis: roll is then set to 0.
    """
    sine = float(np.clip(rotation[0, 2], -1.0, 1.0))
    if 1.0 - abs(sine) < 1e-9:
        pitch = math.atan2(-sine * rotation[1, 0], rotation[1, 1])
        return math.degrees(math.asin(sine)), math.degrees(pitch), 0.0
    return (
        math.degrees(math.asin(sine)),
        math.degrees(math.atan2(rotation[1, 2], rotation[2, 2])),
        math.degrees(math.atan2(rotation[0, 1], rotation[0, 0])),
    )


def pose_from_params(params: NDArray[np.floating], roi: Roi, size: int) -> Pose:
    """The pose in the photograph.

    The network's 3x3 block need not be an exact scaled rotation: the nearest one is taken.

    Args:
        params: (62,) or the first 12 of them, de-whitened, crop frame.
        roi: Where the crop was cut.
        size: Pixels of a side of the crop.
    """
    matrix = np.asarray(params[:12], np.float64).reshape(3, 4)
    u, singular, vt = np.linalg.svd(matrix[:, :3])
    sign = float(np.sign(np.linalg.det(u @ vt)))
    rotation = u @ np.diag([1.0, 1.0, sign]) @ vt
    angle = math.radians(-roi.roll_deg)
    turn = np.array(
        [
            [math.cos(angle), -math.sin(angle), 0.0],
            [math.sin(angle), math.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    rotation = turn @ rotation
    x, y, z = matrix[:, 3]
    translation = image_from_crop_points(np.array([x, (size - 1) - y, z]), roi, size)
    scale = float(singular.mean()) * roi.side / size
    for array in (translation, rotation):
        array.setflags(write=False)
    return Pose(*angles_from_rotation(rotation), scale, translation, rotation)
