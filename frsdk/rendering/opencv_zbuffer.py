"""Triangle meshes into a z-buffer by OpenCV 5's rasteriser, several times as fast as NumPy's."""

from __future__ import annotations

import functools
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


class OpencvSurface:
    """The surface that a window shows, from which values of the vertices are interpolated quickly.

    Each triangle has 2x2 cells of a table: its corners' values a, b, c, and b + c - a. Between four
    cells `cv2.remap` interpolates just as a triangle does, so that the one pass of the rasteriser
    needs to leave but a place in the table for each pixel.
    """

    def __init__(
        self, points: NDArray[np.floating], corners: IndexArray, size_wh: tuple[int, int]
    ) -> None:
        """Rasterise; arguments as of `rasterise_by_opencv`."""
        width, height = size_wh
        self.depth = np.full((height, width), -np.inf, np.float32)
        """(H, W) float32 z, -inf where there is no surface."""
        chosen = _facing(points, corners, width, height)
        self._corners = np.ascontiguousarray(np.take(corners, chosen, axis=0).T)  # (3, K)
        self._across = 1 << max(4, math.ceil(math.log2(max(len(chosen), 1)) / 2))
        places = np.full((height, width, 3), -1, np.float32)  # beside the table
        if chosen.size:
            xyz = np.take(np.asarray(points, np.float32), self._corners.T.ravel(), axis=0)
            own = np.arange(len(xyz), dtype=np.int32).reshape(-1, 3)
            _Shot(xyz, own, size_wh).take_colours(self._places_of_corners(), places, self.depth)
        scale = np.float32(2 * self._across)
        self._x, self._y = places[..., 0] * scale, places[..., 1] * scale

    def _places_of_corners(self) -> FloatArray:
        """(3K, 3) column and row in the table, as shares of it."""
        row, column = np.divmod(np.arange(self._corners.shape[1], dtype=np.int32), self._across)
        places = np.zeros((len(row), 3, 3), np.float32)
        places[..., 0], places[..., 1] = 2 * column[:, None], 2 * row[:, None]
        places[:, 1, 0] += 1
        places[:, 2, 1] += 1
        places /= 2 * self._across
        return places.reshape(-1, 3)

    def picture(self, values: FloatArray, empty: float) -> FloatArray:
        """(N, C) float32 values of the vertices -> (H, W, C), C of 1, 3 or 4."""
        channels = values.shape[1]
        rows = max(1, -(-self._corners.shape[1] // self._across))
        table = np.zeros((rows, 2, self._across, 2, channels), np.float32)
        of_corner = np.zeros((3, rows * self._across, channels), np.float32)
        for k, corner in enumerate(self._corners):
            np.take(values, corner, axis=0, out=of_corner[k, : len(corner)], mode="clip")
        a, b, c = of_corner.reshape(3, rows, self._across, channels)
        table[:, 0, :, 0], table[:, 0, :, 1], table[:, 1, :, 0] = a, b, c
        np.subtract(b + c, a, out=table[:, 1, :, 1])
        shown = cv2.remap(
            table.reshape(2 * rows, 2 * self._across, channels),
            self._x,
            self._y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(empty,) * 4,
        )
        return np.asarray(shown, np.float32).reshape(*self.depth.shape, channels)


@functools.cache
def opencv_interpolates() -> bool:
    """Whether `cv2.remap` keeps fractions of a pixel: before OpenCV 5 it had 32 steps."""
    place = np.full((1, 1), 0.3141592, np.float32)
    ramp = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    exact = 3 * float(place[0, 0])
    for channels in (1, 3, 4):
        source = np.repeat(ramp[..., None], channels, axis=2)
        found = cv2.remap(source, place, place.copy(), cv2.INTER_LINEAR)
        if np.abs(np.asarray(found, np.float32) - np.float32(exact)).max() > 1e-5:
            return False
    return True


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
