"""A face's parameters taken apart into what moves in its own way, and put together again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..face import Face, face_from_params
from ..imaging.roi import Roi
from ..morphable.face_model_arrays import N_COEFFICIENTS
from ..morphable.head_pose import Pose
from ..morphable.morphable_model import N_SHAPE, MorphableModel
from ..morphable.vertex_decoding import N_POSE

Array = NDArray[np.float64]

_FLIP = np.array([1.0, -1.0, 1.0])  # y up, so that rotations are proper
_IDENTITY = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A face in the image: V = s R (I + E) (S - c) + p, y up.

    Attributes:
        place: (3,) p, where the middle c of the mean landmarks lies, image pixels, y up.
        log_scale: log of s, pixels per unit of the face model.
        rotation: (3, 3) R.
        stretch: (3, 3) E, symmetric: what is left of the network's 3x3 block.
        shape: (40,) identity coefficients.
        expression: (10,) expression coefficients.
    """

    place: Array
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
    return FaceState(
        place=linear @ middle + pose.translation * _FLIP,
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
    offset = state.place - linear @ middle
    params = np.empty(N_POSE + N_COEFFICIENTS, np.float32)
    params[:N_POSE] = _crop_pose(linear, offset, like.roi, size).reshape(-1)  # (3, 4) -> (12,)
    params[N_POSE : N_POSE + N_SHAPE] = state.shape
    params[N_POSE + N_SHAPE :] = state.expression
    translation, rotation = offset * _FLIP, state.rotation.copy()
    for array in (translation, rotation):
        array.setflags(write=False)
    return face_from_params(
        params,
        like.face_model.decode_landmarks(params[None], size=size)[0],
        roi=like.roi,
        box_xyxy=None,
        score=like.score,
        face_model=like.face_model,
        crop_size=size,
        decoder=like.decoder,
        presence=like.presence,
        image_size_wh=like.image_size_wh,
        pose=Pose.from_rotation(rotation, scale=scale, translation=translation),
    )


def landmark_middle(model: MorphableModel) -> tuple[Array, float]:
    """(3,) middle of the mean landmarks in the model frame, and the size of their frontal box."""
    points = model.mean[model.landmark_indices].astype(np.float64)
    size = math.sqrt(float(np.prod(np.ptp(points[:, :2], axis=0))))
    return points.mean(axis=0), size


def _crop_pose(linear: Array, offset: Array, roi: Roi, size: int) -> Array:
    """(3, 4) in the crop's frame of a pose in the image's, both y up."""
    pose = np.empty((3, 4))
    pose[:, :3], pose[:, 3] = linear, offset
    middle = (size - 1) / 2.0
    pose[0, 3] -= roi.x0 + roi.side / 2.0 - 0.5
    pose[1, 3] += roi.y0 + roi.side / 2.0 - 0.5
    pose = _turned(pose, roi.roll_deg) * (size / roi.side)
    pose[:2, 3] += middle
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
