"""Draw where the camera stands, and project points into the stored crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.imaging.roi import roi_from_landmarks
from frsdk.morphable.head_pose import rotation_300w_lp, rotation_from_angles

from ...datasets.face_labels import MARGIN, NETWORK_SIZE, STORED_SIZE

Array = NDArray[np.float64]

_FRONTAL_SHARE, _FRONTAL_DEG, _MOST_DEG = 0.42, 40.0, 95.0
_NOD_DEG, _TILT_DEG, _PITCH_LIMIT_DEG = 9.0, 11.0, 35.0
_ROLL_DEG, _ROLL_LIMIT_DEG = 11.0, 40.0
_NEAREST_DM, _FARTHEST_DM = 4.5, 30.0
_FINE = 1000.0  # pixels a decimetre while a ROI is placed
_BEHIND_DM, _BEFORE_DM = 8.0, 5.0  # what is drawn, from the head's centre


@dataclass(frozen=True, slots=True)
class HeadTurn:
    """How the head stands to the camera, degrees.

    Attributes:
        yaw_deg: Positive when the face turns to the image's right.
        nod_deg: Of the head, positive when it looks up.
        tilt_deg: Of the camera, positive when it looks up at the face.
        roll_deg: In the image, positive counter-clockwise.
        body_deg: Yaw of the shoulders against the head.
        distance_dm: From the camera, decimetres.
    """

    yaw_deg: float
    nod_deg: float
    tilt_deg: float
    roll_deg: float
    body_deg: float
    distance_dm: float

    def rotation(self) -> Array:
        """(3, 3) from head to camera axes: nod, yaw, tilt, roll."""
        in_image = rotation_300w_lp(0.0, 0.0, -self.roll_deg)
        tilt = rotation_300w_lp(0.0, self.tilt_deg, 0.0)
        return np.asarray(
            in_image @ tilt @ rotation_from_angles(self.yaw_deg, self.nod_deg, 0.0), np.float64
        )


def sample_turn(rng: np.random.Generator) -> HeadTurn:
    """Draw a head's turn; more than half of them beyond 40 degrees of yaw."""
    size = rng.uniform(0.0, _FRONTAL_DEG)
    if rng.random() >= _FRONTAL_SHARE:
        size = rng.uniform(_FRONTAL_DEG, _MOST_DEG)
    yaw = size * rng.choice([-1.0, 1.0])
    nod, tilt = rng.normal(0.0, _NOD_DEG), rng.normal(0.0, _TILT_DEG)
    shrink = min(1.0, _PITCH_LIMIT_DEG / max(abs(nod) + abs(tilt), 1e-6))
    roll = np.clip(rng.normal(0.0, _ROLL_DEG), -_ROLL_LIMIT_DEG, _ROLL_LIMIT_DEG)
    apart = np.clip(rng.normal(0.0, 18.0), -35.0, 35.0) - np.sign(yaw) * rng.uniform(0.0, 20.0)
    distance = np.exp(rng.uniform(np.log(_NEAREST_DM), np.log(_FARTHEST_DM)))
    angles = (yaw, nod * shrink, tilt * shrink, roll, apart, distance)
    return HeadTurn(*(float(each) for each in angles))


@dataclass(frozen=True, slots=True, eq=False)
class CropCamera:
    """A perspective camera whose picture is the stored crop of a face.

    Points are in camera axes (x right, y up, z toward the camera), decimetres from the head's
    centre, which lies on the optical axis.

    Attributes:
        distance: Of the camera from the centre.
        left: Of the picture, in the plane of the centre.
        bottom: The same.
        side: Of the picture, in the plane of the centre.
    """

    distance: float
    left: float
    bottom: float
    side: float

    def flat(self, points: Array) -> Array:
        """(n, 3) points projected to the plane of the centre; z is kept."""
        factor = self.distance / (self.distance - points[:, 2])
        return np.stack([points[:, 0] * factor, points[:, 1] * factor, points[:, 2]], axis=1)

    def crop_points(self, points: Array) -> Array:
        """(n, 3) stored-crop pixels, y down, z in the same scale, its mean over the points 0."""
        flat, scale = self.flat(points), STORED_SIZE / self.side
        x = (flat[:, 0] - self.left) * scale - 0.5
        y = (self.bottom + self.side - flat[:, 1]) * scale - 0.5
        return np.stack([x, y, (flat[:, 2] - flat[:, 2].mean()) * scale], axis=1)

    def clip_matrix(self) -> Array:
        """(4, 4) from camera axes to OpenGL's clip space."""
        middle = np.array([self.left + self.side / 2.0, self.bottom + self.side / 2.0])
        matrix = np.zeros((4, 4))
        matrix[3] = [0.0, 0.0, -1.0, self.distance]  # w = distance - z
        for axis in range(2):
            matrix[axis, axis] = 2.0 * self.distance / self.side
            matrix[axis] -= 2.0 * middle[axis] / self.side * matrix[3]
        offset, slope = self._depth_rule()
        matrix[2] = offset * matrix[3]
        matrix[2, 3] += slope
        return matrix

    def depth_of(self, window_depth: NDArray[np.floating]) -> Array:
        """Z of depth buffer values 0..1."""
        offset, slope = self._depth_rule()
        w = slope / (2.0 * np.asarray(window_depth, np.float64) - 1.0 - offset)
        return np.asarray(self.distance - w, np.float64)

    def _depth_rule(self) -> tuple[float, float]:
        """OpenGL's depth is ``offset + slope / w``: -1 at the nearest, 1 at the farthest."""
        near = max(self.distance - _BEFORE_DM, 0.5)
        far = self.distance + _BEHIND_DM
        slope = 2.0 * near * far / (near - far)
        return -1.0 - slope / near, slope


def crop_camera(landmarks: Array, distance: float) -> CropCamera:
    """The camera at a distance whose picture is the stored crop of these landmarks.

    Args:
        landmarks: (68, 3) in camera axes.
        distance: Of the camera, decimetres.
    """
    flat = CropCamera(distance, 0.0, 0.0, 1.0).flat(landmarks) * (1.0, -1.0, 1.0)  # y down
    roi = roi_from_landmarks(flat * _FINE - 0.5)  # pixels have their centres at integers
    margin = roi.side * MARGIN / NETWORK_SIZE
    x0, y0, side = roi.x0 - margin, roi.y0 - margin, roi.side + 2.0 * margin
    return CropCamera(distance, x0 / _FINE, -(y0 + side) / _FINE, side / _FINE)
