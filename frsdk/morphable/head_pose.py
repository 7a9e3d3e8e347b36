"""Head pose from the first twelve parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..imaging.roi import Roi

Array = NDArray[np.float64]

_POLE = 1e-9  # cosine of a pitch that counts as ±90°


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Head pose in the photograph.

    The rotation is ``Ry(yaw) Rx(-pitch) Rz(-roll)`` in a right-handed frame: x right, y up, z
    toward the camera. The heading comes first, so that yaw is the way the face looks around its
    vertical axis whatever its pitch and roll, and the angles of a profile read as a person would
    say them. They cease to be unique at a pitch of ±90° only (roll is then 0).
    :attr:`angles_300w_lp` has those of 300W-LP's labels, whose pole is at a yaw of ±90°.

    Attributes:
        yaw_deg: -180..180, positive when the face turns to the image's right; beyond ±90 it looks
            away from the camera.
        pitch_deg: -90..90, positive when it looks up.
        roll_deg: -180..180, positive when it leans clockwise in the image of a face that looks at
            the camera.
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

    @classmethod
    def from_rotation(cls, rotation: Array, *, scale: float, translation: Array) -> Pose:
        """A pose whose angles are those of its rotation.

        Args:
            rotation: (3, 3) proper rotation, see :class:`Pose`.
            scale: Image pixels per unit of the face model.
            translation: (3,) image pixels.
        """
        return cls(*angles_from_rotation(rotation), scale, translation, rotation)

    @property
    def matrix(self) -> Array:
        """(4, 4) from the model frame to the image with y up: rotation, scale and translation.

        ``matrix @ (x, y, z, 1)`` of a point in the face model's units is ``(X, -Y, Z, 1)``, where
        X, Y, Z are image pixels as landmarks have them. Nothing is mirrored, as viewers want it.
        """
        matrix = np.eye(4)
        matrix[:3, :3] = self.scale * self.rotation
        matrix[:3, 3] = self.translation * (1.0, -1.0, 1.0)
        return matrix

    @property
    def quaternion_wxyz(self) -> Array:
        """(4,) the rotation as a unit quaternion: scalar w >= 0 first, then x, y, z."""
        return quaternion_from_rotation(self.rotation)

    @property
    def direction(self) -> Array:
        """(3,) unit vector in which the face looks: x right, y **down**, z toward the camera.

        The frame is the landmarks': ``landmarks[30] + length * direction`` is an arrow's end.
        """
        return np.asarray(self.rotation[:, 2] * (1.0, -1.0, 1.0), np.float64)

    @property
    def angles_300w_lp(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll in degrees in the order of 300W-LP's labels, signs as here."""
        return angles_300w_lp(self.rotation)


def rotation_from_angles(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """(3, 3) rotation of the three angles, see :class:`Pose`."""
    about_x, about_y, about_z = _about_axes(yaw_deg, pitch_deg, roll_deg)
    return np.asarray(about_y @ about_x @ about_z, np.float64)


def angles_from_rotation(rotation: Array) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a (3, 3) rotation, see :class:`Pose`.

    At a pitch of exactly ±90° yaw and roll turn about one axis: roll is then set to 0.
    """
    cosine = math.hypot(rotation[0, 2], rotation[2, 2])  # of pitch
    pitch = math.degrees(math.atan2(rotation[1, 2], cosine))
    if cosine < _POLE:
        return math.degrees(math.atan2(-rotation[2, 0], rotation[0, 0])), pitch, 0.0
    return (
        math.degrees(math.atan2(rotation[0, 2], rotation[2, 2])),
        pitch,
        math.degrees(math.atan2(-rotation[1, 0], rotation[1, 1])),
    )


def rotation_300w_lp(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """(3, 3) ``Rx(-pitch) Ry(yaw) Rz(-roll)``: the order of 300W-LP's ``Pose_Para``.

    The frame and the signs are those of :class:`Pose`; 300W-LP's own yaw has the other sign.
    """
    about_x, about_y, about_z = _about_axes(yaw_deg, pitch_deg, roll_deg)
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def angles_300w_lp(rotation: Array) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a (3, 3) rotation in the order of 300W-LP's labels.

    Yaw is within ±90°: a face turned further comes back with pitch and roll half a turn off. At a
    yaw of exactly ±90° pitch and roll turn about one axis: roll is then set to 0.
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


def _about_axes(yaw_deg: float, pitch_deg: float, roll_deg: float) -> tuple[Array, Array, Array]:
    """The turns about x by -pitch, about y by yaw and about z by -roll."""
    yaw, pitch, roll = (math.radians(angle) for angle in (yaw_deg, -pitch_deg, -roll_deg))
    cp, sp, cy, sy = math.cos(pitch), math.sin(pitch), math.cos(yaw), math.sin(yaw)
    cr, sr = math.cos(roll), math.sin(roll)
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    about_y = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    about_z = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    return about_x, about_y, about_z


def quaternion_from_rotation(rotation: Array) -> Array:
    """(4,) unit quaternion w, x, y, z of a (3, 3) rotation, w >= 0.

    The largest of the four is taken from the diagonal, so that none is divided by a small number
    (Shepperd, Journal of Guidance and Control 1978).
    """
    r = np.asarray(rotation, np.float64)
    # Row k is 4 q_k (w, x, y, z): any one, divided by its length, is the quaternion.
    (a, b, c), (d, e, f), (g, h, i) = r.tolist()
    rows = np.array(
        [
            [1.0 + a + e + i, h - f, c - g, d - b],
            [h - f, 1.0 + a - e - i, b + d, c + g],
            [c - g, b + d, 1.0 - a + e - i, f + h],
            [d - b, c + g, f + h, 1.0 - a - e + i],
        ]
    )
    row = rows[int(np.argmax(np.diag(rows)))]
    quaternion = row / np.linalg.norm(row)
    return np.asarray(-quaternion if quaternion[0] < 0 else quaternion, np.float64)


def _nearest_rotation(block: Array) -> tuple[Array, float]:
    """The proper rotation nearest to a (3, 3) block, and the mean of its singular values."""
    singular, u, vt = cv2.SVDecomp(block)  # a third of the time of NumPy's
    rotation = np.asarray(u @ vt, np.float64)
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0.0:
        rotation -= 2.0 * np.outer(u[:, 2], vt[2])  # the least singular vector the other way
    (first,), (second,), (third,) = singular.tolist()
    return rotation, (first + second + third) / 3.0


def pose_from_params(params: NDArray[np.floating], roi: Roi, size: int) -> Pose:
    """The pose in the photograph.

    The network's 3x3 block need not be an exact scaled rotation: the nearest one is taken.

    Args:
        params: (62,) or the first 12 of them, de-whitened, crop frame.
        roi: Where the crop was cut.
        size: Pixels of a side of the crop.
    """
    matrix = np.asarray(params[:12], np.float64).reshape(3, 4)
    rotation, mean_singular = _nearest_rotation(matrix[:, :3])
    if roi.roll_deg:
        angle = math.radians(-roi.roll_deg)
        cosine, sine = math.cos(angle), math.sin(angle)
        x_row, y_row, z_row = rotation.tolist()
        pairs = list(zip(x_row, y_row, strict=True))
        turned_x = [cosine * x - sine * y for x, y in pairs]
        rotation = np.array([turned_x, [sine * x + cosine * y for x, y in pairs], z_row])
    (a, b, c), (d, e, f) = roi.image_from_crop_rows(size)
    x, y, z = matrix[:, 3].tolist()
    y = (size - 1) - y
    pixel = roi.side / size
    translation = np.array([a * x + b * y + c, d * x + e * y + f, z * pixel])
    scale = mean_singular * pixel
    for array in (translation, rotation):
        array.setflags(write=False)
    return Pose.from_rotation(rotation, scale=scale, translation=translation)
