"""Triangle meshes into a z-buffer by OpenCV 5's rasteriser, several times as fast as NumPy's."""

from __future__ import annotations

import math
from typing import Any  # a function that OpenCV 4 lacks, so that its stubs may lack it

import cv2
import numpy as np
from numpy.typing import NDArray

from ..meshes.mesh_arrays import IndexArray

FloatArray = NDArray[np.float32]

# The camera stands this many picture sides away and the perspective is cancelled: at 64 sides the
# float32 depth test resolves a hundredth of a pixel, and what perspective is left is less.
_DISTANCE_SIDES = 64.0
_MAX_TRIANGLES = 1 << 21  # a number of a triangle must survive as a float32 colour of 0..1


def opencv_rasterises(triangle_count: int) -> bool:
    """Whether this OpenCV has a rasteriser that can tell so many triangles apart."""
    return hasattr(cv2, "triangleRasterize") and triangle_count <= _MAX_TRIANGLES


def rasterise_by_opencv(
    points: NDArray[np.floating], corners: IndexArray, size_wh: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """The nearest triangle at each covered pixel's centre, and where in it the centre lies.

    OpenCV interpolates three colours over each triangle. Given corners of its own, a triangle
    carries its number in one and two barycentric weights in the others, so that one pass serves
    every attribute of the mesh.

    Args:
        points: (N, 3) image pixels: x right, y down, z toward the camera; finite.
        corners: (M, 3) vertex indices; triangles that face away are left out.
        size_wh: Width, height of the picture.

    Returns:
        (P,) flat indices of the covered pixels, (P,) triangle of each, and (P, 2) float32 weights
        of its second and third corner.
    """
    width, height = size_wh
    chosen = _facing(points, corners, width, height)
    if not chosen.size:
        return chosen, chosen, np.zeros((0, 2), np.float32)
    xyz = np.asarray(points, np.float32)[corners[chosen]].reshape(-1, 3)  # (K, 3, 3) -> (3K, 3)
    count = len(chosen)
    colours = np.zeros((count, 3, 3), np.float32)
    colours[:, :, 0] = ((np.arange(count) + 0.5) / count)[:, None]
    colours[:, 1, 1] = colours[:, 2, 2] = 1
    own = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    values = np.zeros((height, width, 3), np.float32)
    depth = np.empty((height, width), np.float32)
    _Shot(xyz, own, size_wh).take_colours(colours.reshape(-1, 3), values, depth)
    pixels = np.flatnonzero(values[..., 0] > 0)
    found = np.take(values.reshape(-1, 3), pixels, axis=0)  # (P, 3)
    number = (found[:, 0] * np.float32(count)).astype(np.intp).clip(0, count - 1)
    return pixels, np.take(chosen, number), found[:, 1:]


def depth_by_opencv(points: NDArray[np.floating], corners: IndexArray, depth: FloatArray) -> None:
    """The z of the surface at the pixels' centres, in a third of the time of the weights.

    Args:
        points: As in `rasterise_by_opencv`.
        corners: As in `rasterise_by_opencv`.
        depth: (H, W) float32 to fill; -inf where there is no surface.
    """
    chosen = _facing(points, corners, *depth.shape[::-1])
    depth.fill(-np.inf)
    if chosen.size:
        shown = np.take(corners, chosen, axis=0).astype(np.int32)
        _Shot(np.asarray(points, np.float32), shown, depth.shape[::-1]).take_depth(depth)


def values_by_opencv(
    points: NDArray[np.floating],
    corners: IndexArray,
    values: FloatArray,
    picture: FloatArray,
    depth: FloatArray,
) -> None:
    """Three values of the vertices, interpolated at the pixels' centres, and the depth.

    Args:
        points: As in `rasterise_by_opencv`.
        corners: As in `rasterise_by_opencv`.
        values: (N, 3) float32, 0..1.
        picture: (H, W, 3) float32 zeros to fill; they stay where there is no surface.
        depth: (H, W) float32 to fill; -inf where there is no surface.
    """
    chosen = _facing(points, corners, *depth.shape[::-1])
    depth.fill(-np.inf)
    if chosen.size:
        shown = np.take(corners, chosen, axis=0).astype(np.int32)
        shot = _Shot(np.asarray(points, np.float32), shown, depth.shape[::-1])
        shot.take_colours(values, picture, depth)


class _Shot:
    """Triangles so placed before OpenCV's pinhole camera that they project as they stand."""

    def __init__(
        self, xyz: FloatArray, triangles: NDArray[np.int32], size_wh: tuple[int, int]
    ) -> None:
        width, height = size_wh
        low, high = float(xyz[:, 2].min()), float(xyz[:, 2].max())
        half = (high - low) / 2 + 1
        distance = _DISTANCE_SIDES * max(width, height, 2 * half)
        self._size_wh, self._triangles = size_wh, triangles
        self._placed = _in_camera(xyz, (low + high) / 2, distance, width, height)
        self._zero = np.float32((low + high) / 2 + distance)  # z of the camera
        self._far = distance + half
        self._camera = (np.eye(4), 2 * math.atan(height / 2 / distance), distance - half, self._far)

    def take_depth(self, depth: FloatArray) -> None:
        """Fill (H, W) with z, -inf: none."""
        depth.fill(self._far)
        opencv: Any = cv2
        opencv.triangleRasterizeDepth(
            self._placed, self._triangles, depth, *self._camera, _settings(opencv)
        )
        self._to_z(depth)

    def take_colours(self, colours: FloatArray, picture: FloatArray, depth: FloatArray) -> None:
        """Fill (H, W, 3), zeros so far, with the vertices' colours, and the depth."""
        depth.fill(self._far)
        opencv: Any = cv2
        opencv.triangleRasterize(
            self._placed, self._triangles, colours, picture, depth, *self._camera, _settings(opencv)
        )
        self._to_z(depth)

    def _to_z(self, depth: FloatArray) -> None:
        """Distances from the camera as z, in place."""
        # The mesh ends 1 px before; OpenCV may round the empty pixels' distance.
        empty = depth > np.float32(self._far - 0.5)
        np.subtract(self._zero, depth, out=depth)
        depth[empty] = -np.inf


def _settings(opencv: Any) -> Any:
    settings = opencv.TriangleRasterizeSettings()
    settings.setShadingType(opencv.RASTERIZE_SHADING_SHADED)
    settings.setCullingMode(opencv.RASTERIZE_CULLING_NONE)  # done before, in float64
    return settings


def _in_camera(
    xyz: FloatArray, middle: float, distance: float, width: int, height: int
) -> FloatArray:
    """Points so placed before the pinhole that they project as they stand: x, y unchanged."""
    z = xyz[:, 2] - np.float32(middle)
    grown = (np.float32(distance) - z) / np.float32(distance)
    placed = np.empty_like(xyz)
    placed[:, 0] = (xyz[:, 0] + np.float32(0.5 - width / 2)) * grown
    placed[:, 1] = (xyz[:, 1] + np.float32(0.5 - height / 2)) * -grown  # OpenGL's y up
    placed[:, 2] = z - np.float32(distance)
    return placed


def _facing(
    points: NDArray[np.floating], corners: IndexArray, width: int, height: int
) -> NDArray[np.intp]:
    """Indices of the triangles that face the camera and touch the picture."""
    x, y = np.asarray(points[:, 0], np.float64), np.asarray(points[:, 1], np.float64)
    xa, xb, xc = (x[corners[:, k]] for k in range(3))
    ya, yb, yc = (y[corners[:, k]] for k in range(3))
    # Counter-clockwise in a y-up frame is clockwise here: positive with y down turned over.
    facing = (yb - ya) * (xc - xa) - (xb - xa) * (yc - ya) > 0
    inside_x = (np.maximum(np.maximum(xa, xb), xc) >= 0) & (
        np.minimum(np.minimum(xa, xb), xc) <= width - 1
    )
    inside_y = (np.maximum(np.maximum(ya, yb), yc) >= 0) & (
        np.minimum(np.minimum(ya, yb), yc) <= height - 1
    )
    return np.flatnonzero(facing & inside_x & inside_y)
