"""A face's parameters taken apart into what moves in its own way, and put together again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..face import Face, box_of_points
from ..imaging.roi import Roi
from ..morphable.face_model_arrays import N_COEFFICIENTS
from ..morphable.head_pose import Pose
from ..morphable.morphable_model import N_SHAPE, MorphableModel
from ..morphable.vertex_decoding import N_POSE, decode_points

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

_FLIP = np.array([1.0, -1.0, 1.0])  # y up, so that rotations are proper
_IDENTITY = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A face in the image: V = s R (I + E) (S - c) + p, y up.

    Attributes:
        place: p, where the middle c of the mean landmarks lies, image pixels, y up, in numbers.
        log_scale: log of s, pixels per unit of the face model.
        rotation: (3, 3) R.
        stretch: (3, 3) E, symmetric: what is left of the network's 3x3 block.
        shape: (40,) identity coefficients.
        expression: (10,) expression coefficients.
    """

    place: Vector
    log_scale: float
    rotation: Array
    stretch: Array
    shape: Array
    expression: Array


def state_of(face: Face, middle: Array) -> FaceState:
    """Take a face apart.

    Args:
        face: The network's result.
        middle: (3,) c in the model frame, see :func:`landmark_middle`.
    """
    params = np.asarray(face.params, np.float64)
    pose, roi = face.pose, face.roi
    linear = _turned(params[:N_POSE].reshape(3, 4)[:, :3], -roi.roll_deg)
    linear *= roi.side / face.crop_size
    stretch = pose.rotation.T @ linear / pose.scale - _IDENTITY
    x, y, z = (linear @ middle + pose.translation * _FLIP).tolist()
    return FaceState(
        place=(x, y, z),
        log_scale=math.log(pose.scale),
        rotation=pose.rotation,
        stretch=stretch,
        shape=params[N_POSE : N_POSE + N_SHAPE],
        expression=params[N_POSE + N_SHAPE :],
    )


def face_of(state: FaceState, middle: Array, like: Face) -> Face:
    """Put a face together in the crop frame of another one.

    Args:
        state: The parts.
        middle: (3,) c in the model frame.
        like: Whose ROI, score, presence and face model it has.
    """
    scale, size = math.exp(state.log_scale), like.crop_size
    linear = scale * (state.rotation + state.rotation @ state.stretch)
    rows, at_middle = linear.tolist(), (linear @ middle).tolist()
    x, y, z = (own - off for own, off in zip(state.place, at_middle, strict=True))
    params = np.empty(N_POSE + N_COEFFICIENTS, np.float32)
    params[:N_POSE] = _crop_pose(rows, (x, y, z), like.roi, size)
    params[N_POSE : N_POSE + N_SHAPE] = state.shape
    params[N_POSE + N_SHAPE :] = state.expression
    across, up, toward = rows
    in_image = [(*across, x), (*(-each for each in up), -y), (*toward, z)]  # y down
    translation, rotation = np.array((x, -y, z)), state.rotation.copy()
    basis, poses = like.face_model.landmark_basis, np.array([in_image], np.float32)
    landmarks = decode_points(basis, params[None, N_POSE:], poses)[0]
    box = box_of_points(landmarks)
    for array in (translation, rotation, params, landmarks, box):
        array.setflags(write=False)
    pose = Pose.from_rotation(rotation, scale=scale, translation=translation)
    return replace(like, params=params, landmarks=landmarks, pose=pose, box=box)


def landmark_middle(model: MorphableModel) -> tuple[Array, float]:
    """(3,) middle of the mean landmarks in the model frame, and the size of their frontal box."""
    points = model.mean[model.landmark_indices].astype(np.float64)
    size = math.sqrt(float(np.prod(np.ptp(points[:, :2], axis=0))))
    return points.mean(axis=0), size


def _crop_pose(rows: Sequence[Sequence[float]], offset: Vector, roi: Roi, size: int) -> list[float]:
    """(12,) the (3, 4) pose in the crop's frame, row by row, of one in the image's, both y up.

    In plain numbers, which for so few are quicker than arrays.
    """
    x, y, z = offset
    across = (*rows[0], x - (roi.x0 + roi.side / 2.0 - 0.5))
    up = (*rows[1], y + (roi.y0 + roi.side / 2.0 - 0.5))
    angle, scale, middle = math.radians(roi.roll_deg), size / roi.side, (size - 1) / 2.0
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    pairs = list(zip(across, up, strict=True))
    pose = [cosine * a - sine * b for a, b in pairs]
    pose += [sine * a + cosine * b for a, b in pairs]
    pose += [scale * each for each in (*rows[2], z)]
    pose[3] += middle
    pose[7] += middle
    return pose


def _turned(rows: Array, angle_deg: float) -> Array:
    """Vectors (3, k) turned in the image, counter-clockwise where y is up."""
    if not angle_deg:
        return rows.copy()
    angle = math.radians(angle_deg)
    cosine, sine = math.cos(angle), math.sin(angle)
    out = rows.copy()
    out[0] = cosine * rows[0] - sine * rows[1]
    out[1] = sine * rows[0] + cosine * rows[1]
    return out
