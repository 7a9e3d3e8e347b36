"""A face's parameters taken apart into what moves in its own way, and put together again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..face import Face, face_from_params
from ..imaging.roi import Roi
from ..morphable.morphable_model import N_SHAPE, MorphableModel
from ..morphable.vertex_decoding import N_POSE, image_from_crop_matrix

Array = NDArray[np.float64]

_FLIP = np.array([1.0, -1.0, 1.0])  # y up, so that rotations are proper


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
    pose = _image_pose(params[:N_POSE].reshape(3, 4), face.roi, face.crop_size)
    u, singular, vt = np.linalg.svd(pose[:, :3])
    if np.linalg.det(u @ vt) < 0:
        vt = vt * np.array([[1.0], [1.0], [-1.0]])
        singular = singular * np.array([1.0, 1.0, -1.0])
    scale = float(np.abs(singular).mean())
    return FaceState(
        place=pose[:, :3] @ middle + pose[:, 3],
        log_scale=math.log(scale),
        rotation=u @ vt,
        stretch=(vt.T * (singular / scale)) @ vt - np.eye(3),
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
    linear = math.exp(state.log_scale) * state.rotation @ (np.eye(3) + state.stretch)
    offset = state.place - linear @ middle
    pose = _crop_pose(np.column_stack([linear, offset]), like.roi, like.crop_size)
    params = np.concatenate([pose.reshape(-1), state.shape, state.expression])
    params = params.astype(np.float32)
    size = like.crop_size
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
    )


def landmark_middle(model: MorphableModel) -> tuple[Array, float]:
    """(3,) middle of the mean landmarks in the model frame, and the size of their frontal box."""
    points = model.mean[model.landmark_indices].astype(np.float64)
    size = math.sqrt(float(np.prod(np.ptp(points[:, :2], axis=0))))
    return points.mean(axis=0), size


def _image_pose(pose: Array, roi: Roi, size: int) -> Array:
    """(3, 4) of the crop's frame (y up) -> model to image, y up."""
    down = pose * _FLIP[:, None]
    down[1, 3] += size - 1
    matrix = image_from_crop_matrix(roi, size)
    image = matrix[:, :3] @ down
    image[:, 3] += matrix[:, 3]
    return np.asarray(image * _FLIP[:, None], np.float64)


def _crop_pose(pose: Array, roi: Roi, size: int) -> Array:
    """The way back."""
    matrix = image_from_crop_matrix(roi, size)
    image = pose * _FLIP[:, None]
    image[:, 3] -= matrix[:, 3]
    # A similarity: its inverse is its transpose over the squared scale.
    down = matrix[:, :3].T @ image / (roi.side / size) ** 2
    down[1, 3] -= size - 1
    return np.asarray(down * _FLIP[:, None], np.float64)
