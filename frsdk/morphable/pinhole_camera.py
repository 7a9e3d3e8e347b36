"""A head before a pinhole camera: weak perspective turned into perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WeakPerspectiveFace:
    """What a reconstruction tells of a face's place.

    Attributes:
        landmarks: (68, 3) image pixels: x right, y down, z toward the camera.
        frontal_landmarks: (68, 3) the same in the model frame: x right, y up, z toward the camera.
        origin: (3,) image position of the model frame's origin.
        scale: Image pixels per unit of the model.
        mm_per_unit: Millimetres per unit of the model.
    """

    landmarks: Array
    frontal_landmarks: Array
    origin: Array
    scale: float
    mm_per_unit: float


def checked_intrinsics(
    intrinsics: ArrayLike | None, image_size_wh: tuple[int, int] | None
) -> Array:
    """The camera's (3, 3) matrix; without one, that of a plain lens.

    The plain lens has a focal length of the picture's longer side (53 degrees across it) and its
    principal point in the middle of the picture.

    Raises:
        InputError: Not a (3, 3) invertible camera matrix, or neither it nor a picture's size.
    """
    if intrinsics is None:
        if image_size_wh is None:
            raise InputError(
                "the face does not know its photograph's size: give the camera's intrinsics (3, 3)"
            )
        width, height = image_size_wh
        focal = float(max(width, height))
        return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    try:
        matrix = np.array(intrinsics, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"expected intrinsics (3, 3) of numbers, got {intrinsics!r}") from error
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise InputError(f"expected intrinsics (3, 3) of finite numbers, got shape {matrix.shape}")
    plausible = matrix[0, 0] > 0 and matrix[1, 1] > 0 and np.array_equal(matrix[2], (0, 0, 1))
    if not plausible or matrix[1, 0] != 0:
        raise InputError(
            "expected intrinsics [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with positive focal "
            f"lengths in pixels, got {matrix.tolist()}"
        )
    return matrix


def camera_points(face: WeakPerspectiveFace, points: NDArray[np.floating], camera: Array) -> Array:
    """Where points of a face lie before the camera.

    Each point lies on the ray through its pixel, so that it projects exactly there, and as far
    before or behind the head's origin, along the ray to that origin, as the reconstruction says.
    The origin's distance follows from the face's size: f * (mm per unit) / (pixels per unit) on
    the optical axis.

    Args:
        face: The face.
        points: (K, 3) image pixels: x right, y down, z toward the camera.
        camera: (3, 3) intrinsics.

    Returns:
        (K, 3) millimetres: x right, y down, z forward (OpenCV's camera frame).

    Raises:
        InputError: The camera would stand inside the head.
    """
    inverse = np.asarray(np.linalg.inv(camera), np.float64)
    pixels = np.asarray(points, np.float64)
    rays = _rays(inverse, pixels[:, :2])
    middle = _rays(inverse, face.origin[None, :2])[0]
    middle /= np.linalg.norm(middle)
    mm_per_px = face.mm_per_unit / face.scale
    focal = math.sqrt(camera[0, 0] * camera[1, 1])
    # Off the axis a plane across the ray is imaged larger: by 1/cos^2 along the radius and 1/cos
    # across it, of which this is the geometric mean.
    distance = focal * mm_per_px / middle[2] ** 1.5
    along = distance - (pixels[:, 2] - face.origin[2]) * mm_per_px
    if along.min() <= 0:
        raise InputError(
            "with this focal length the camera would stand inside the head: "
            f"expected well over {focal * (1 - along.min() / distance):.0f} px"
        )
    return np.asarray(rays * (along / (rays @ middle))[:, None])


def camera_from_head(face: WeakPerspectiveFace, camera: Array) -> Array:
    """The (4, 4) rigid motion from the head's frame in millimetres to the camera's.

    It is the one that brings the face's own frontal landmarks nearest to where they lie before the
    camera (Kabsch, 1976).

    Raises:
        InputError: As in `camera_points`.
    """
    target = camera_points(face, face.landmarks, camera)
    source = np.asarray(face.frontal_landmarks, np.float64) * face.mm_per_unit
    to, of = target.mean(axis=0), source.mean(axis=0)
    u, _, vt = np.linalg.svd((target - to).T @ (source - of))
    turn = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    motion = np.eye(4)
    motion[:3, :3] = u @ turn @ vt
    motion[:3, 3] = to - motion[:3, :3] @ of
    return motion


def _rays(inverse: Array, xy: Array) -> Array:
    """(K, 2) pixels -> (K, 3) directions with z = 1."""
    return np.asarray(np.concatenate([xy, np.ones((len(xy), 1))], axis=1) @ inverse.T)
