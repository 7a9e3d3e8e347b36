"""The surface of a face blended into a video's frame."""

from __future__ import annotations

import functools
import math
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..meshes.mesh_arrays import unit_vertex_normals
from ..morphable.head_pose import Pose
from ..morphable.morphable_model import MorphableModel
from .mesh_shading import DEFAULT_LIGHT, shade_of_cosine, skin_table
from .surface_splat import splat_surface

Image = NDArray[np.uint8]
Float32Array = NDArray[np.float32]

_UP = np.array([1.0, -1.0, 1.0])  # between y down and y up


class SurfaceOfFace(Protocol):
    """What is shown of a face."""

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 3) image pixels."""

    @property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) corners."""

    @property
    def pose(self) -> Pose:
        """Rotation."""


def blend_live_surface(canvas: Image, face: SurfaceOfFace, opacity: float) -> None:
    """Blend the shaded surface of a face into its own window of a canvas.

    Shades are those of the face model's mean turned by the pose, where the face names its model:
    normals are then not worked out anew in every frame.

    Args:
        canvas: (H, W, 3) uint8 BGR, written into.
        face: Whose surface.
        opacity: 0..1.
    """
    vertices = np.array(face.vertices, np.float32)
    height, width = canvas.shape[:2]
    x, y = np.ascontiguousarray(vertices[:, :2].T)
    ends = np.array([(x.min(), y.min()), (x.max(), y.max())], np.float64)
    if not np.isfinite(ends).all():
        return
    low = np.clip(np.floor(ends[0]) - 1, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(ends[1]) + 2, 0, (width, height)).astype(int)
    if (high <= low).any():
        return
    window = canvas[low[1] : high[1], low[0] : high[0]]
    size_wh = (window.shape[1], window.shape[0])
    vertices[:, :2] -= low.astype(np.float32)
    facing, toward_light = _cosines(face)
    grid = splat_surface(vertices, shade_of_cosine(toward_light), facing, size_wh)
    shades = np.clip(grid.values * 255.0, 0, 255).astype(np.uint8)
    # Blurred by half a cell, so that the enlarged outline has no steps.
    cover = cv2.GaussianBlur(grid.cover, (3, 3), 0).astype(np.float32) * (opacity / 255.0)
    added = np.rint(skin_table()[shades] * cover[..., None]).astype(np.uint8)  # (h, w, 3)
    kept = np.rint((1.0 - cover) * 255.0).astype(np.uint8)
    added = cv2.resize(added, size_wh, interpolation=cv2.INTER_LINEAR)
    kept = cv2.cvtColor(
        cv2.resize(kept, size_wh, interpolation=cv2.INTER_LINEAR), cv2.COLOR_GRAY2BGR
    )
    window[:] = cv2.add(cv2.multiply(window, kept, scale=1.0 / 255.0), added)


def _cosines(face: SurfaceOfFace) -> tuple[Float32Array, Float32Array]:
    """(N,) cosines between the vertices' normals and the ways to the camera and to the light."""
    light = np.array(DEFAULT_LIGHT) / math.hypot(*DEFAULT_LIGHT)
    model = getattr(face, "face_model", None)
    if isinstance(model, MorphableModel):
        normals = _normals_of_mean(model)
        rotation = np.asarray(face.pose.rotation, np.float64)  # model frame -> y up
        ways = rotation.T @ np.stack([(0.0, 0.0, 1.0), light * _UP], axis=1)  # (3, 2)
    else:
        points, corners = np.asarray(face.vertices, np.float64), face.triangles.astype(np.intp)
        normals = unit_vertex_normals(points, corners).astype(np.float32)
        ways = np.stack([(0.0, 0.0, 1.0), light], axis=1)
    cosines = normals @ ways.astype(np.float32)  # (N, 2)
    return cosines[:, 0], cosines[:, 1]


@functools.lru_cache(maxsize=2)
def _normals_of_mean(model: MorphableModel) -> Float32Array:
    """(N, 3) unit normals of the mean face in the model's frame; the last two models' are kept."""
    y_down = np.asarray(model.mean, np.float64) * _UP
    normals = unit_vertex_normals(y_down, model.triangles.astype(np.intp)) * _UP
    return np.asarray(normals, np.float32)
