"""Which vertices of a mesh the camera sees."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..meshes.mesh_arrays import FloatArray, IndexArray, checked_mesh, unit_vertex_normals
from .surface_buffer import surface_depth

BoolArray = NDArray[np.bool_]

_PROBE_SIDE = 384  # side of the z-buffer that decides what is hidden, whatever the photo's size
_DEPTH_SLACK = 0.015  # of the face's size: a vertex this far behind the surface is still on it
_MIN_FACING = 0.35  # cosine: at a more grazing angle the background mixes in
_OUTLINE_SIDE = 9  # of the z-buffer: no sample so near the outline, where a fit is never exact


def unhidden_points(points: FloatArray, corners: IndexArray, asked: FloatArray) -> BoolArray:
    """Whether nothing of a mesh lies before points of it.

    Args:
        points: (N, 3) vertices, image pixels: x right, y down, z toward the camera.
        corners: (M, 3) triangles.
        asked: (K, 3) points of its surface, in the same frame.

    Returns:
        (K,) true where the nearest surface is not more than 1.5 % of the mesh's size before the
        point. Points of the outline, whose surface is seen edge on, count as seen.
    """
    probe = _Probe(points, corners)
    return probe.unhidden(asked, probe.depth)


def visible_landmarks(vertices: ArrayLike, triangles: ArrayLike, landmarks: ArrayLike) -> BoolArray:
    """(K,) true for the landmarks (K, 3) that a mesh does not hide, all in image pixels.

    Raises:
        InputError: Arrays of a wrong shape or range.
    """
    points, corners = checked_mesh(vertices, triangles)
    return unhidden_points(points, corners, np.asarray(landmarks, np.float64))


def well_seen_vertices(points: FloatArray, corners: IndexArray) -> BoolArray:
    """(N,) true for vertices whose colour the photograph shows.

    They face the camera, lie inside the mesh's outline, and nothing lies before them.
    """
    probe = _Probe(points, corners)
    # One pixel wider than it is: along its outline the photograph mixes both surfaces.
    nearest = np.asarray(cv2.dilate(probe.depth, np.ones((3, 3), np.uint8)), np.float32)
    covered = np.isfinite(probe.depth).astype(np.uint8)
    inner = cv2.erode(covered, np.ones((_OUTLINE_SIDE, _OUTLINE_SIDE), np.uint8))
    column, row = probe.pixel_of(points)
    facing = unit_vertex_normals(points, corners)[:, 2] > _MIN_FACING
    return np.asarray(facing & (inner[row, column] > 0) & probe.unhidden(points, nearest))


class _Probe:
    """A z-buffer of a fixed size around a mesh."""

    def __init__(self, points: FloatArray, corners: IndexArray) -> None:
        self._low = points.min(axis=0)
        size = float((points.max(axis=0) - self._low)[:2].max())
        self._scale = (_PROBE_SIDE - 3) / size if size > 0 else 0.0
        self.depth = surface_depth(self._scaled(points), corners, (_PROBE_SIDE, _PROBE_SIDE))

    def _scaled(self, points: FloatArray) -> FloatArray:
        return np.asarray((points - self._low) * self._scale + (1, 1, 0))

    def pixel_of(self, points: FloatArray) -> tuple[IndexArray, IndexArray]:
        """Column and row of each point."""
        at = np.rint(self._scaled(points)[:, :2]).clip(0, _PROBE_SIDE - 1).astype(np.intp)
        return at[:, 0], at[:, 1]

    def unhidden(self, points: FloatArray, nearest: NDArray[np.float32]) -> BoolArray:
        column, row = self.pixel_of(points)
        z = (points[:, 2] - self._low[2]) * self._scale
        return np.asarray(nearest[row, column] <= z + _DEPTH_SLACK * _PROBE_SIDE)
