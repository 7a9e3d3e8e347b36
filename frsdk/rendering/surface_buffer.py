"""The surface that a picture shows: the triangle at each pixel, its depth, values from vertices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import IndexArray, checked_mesh
from .numpy_zbuffer import rasterise
from .opencv_zbuffer import (
    OpencvSurface,
    depth_by_opencv,
    opencv_interpolates,
    opencv_rasterises,
    rasterise_by_opencv,
)

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceBuffer:
    """The nearest triangle of each covered pixel, and where in it the pixel's centre lies.

    Attributes:
        size_wh: Width, height of the picture.
        pixels: (P,) flat indices of the covered pixels, row after row.
        triangle_ids: (P,) their nearest triangles.
        vertex_ids: (3, P) the corners of these.
        weights: (3, P) float32, barycentric weights of the corners.
    """

    size_wh: tuple[int, int]
    pixels: NDArray[np.intp]
    triangle_ids: NDArray[np.intp]
    vertex_ids: NDArray[np.intp]
    weights: FloatArray

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W), true where the mesh is seen."""
        width, height = self.size_wh
        mask = np.zeros(width * height, np.bool_)
        mask[self.pixels] = True
        return mask.reshape(height, width)

    def interpolated(self, values: NDArray[np.floating]) -> FloatArray:
        """(N,) values of the vertices at the covered pixels: (P,) float32."""
        own = np.ascontiguousarray(values, np.float32)
        total = np.empty(len(self.pixels), np.float32)
        np.take(own, self.vertex_ids[0], out=total, mode="clip")  # "raise" would copy
        total *= self.weights[0]
        for k in (1, 2):
            total += np.take(own, self.vertex_ids[k]) * self.weights[k]
        return total

    def picture(self, channels: Sequence[NDArray[np.floating]], empty: float) -> FloatArray:
        """(P,) values of the covered pixels, for each of C channels -> (H, W, C)."""
        width, height = self.size_wh
        out = np.full((width * height, len(channels)), empty, np.float32)
        for k, values in enumerate(channels):  # faster than rows of C
            out[:, k][self.pixels] = values
        return out.reshape(height, width, -1)


def surface_buffer(
    vertices: ArrayLike, triangles: ArrayLike, size_wh: tuple[int, int]
) -> SurfaceBuffer:
    """Find the surface that a picture shows; triangles that face away are left out.

    OpenCV 5 rasterises where it is there, NumPy (`rasterise`, the reference) elsewhere.

    Args:
        vertices: (N, 3) image pixels, integers at pixel centres: x right, y down, z toward the
            camera. Parts outside the picture are clipped.
        triangles: (M, 3) vertex indices, counter-clockwise seen from outside in a y-up frame.
        size_wh: Width, height of the picture.

    Raises:
        InputError: Arrays of a wrong shape or range, or an empty picture.
    """
    points, corners = checked_mesh(vertices, triangles)
    part = _part(points, size_wh)
    if part is None:
        nothing = np.zeros((3, 0), np.intp)
        return SurfaceBuffer(size_wh, nothing[0], nothing[0], nothing, nothing.astype(np.float32))
    shifted = points - part.origin
    span = part.size_wh
    if opencv_rasterises(len(corners)):
        pixels, chosen, weights = rasterise_by_opencv(shifted, corners, span)
    else:
        ids = rasterise(shifted, corners, span).triangle_ids.ravel()
        pixels = np.flatnonzero(ids >= 0)
        chosen = np.take(ids, pixels).astype(np.intp)
        y, x = np.divmod(pixels, span[0])
        weights = _weights(shifted[:, :2], corners, chosen, x, y)
    second, third = np.ascontiguousarray(weights.T)
    return SurfaceBuffer(
        size_wh,
        part.in_picture(pixels, size_wh[0]),
        chosen,
        np.stack([np.take(column, chosen) for column in np.ascontiguousarray(corners.T)]),
        np.stack([1 - second - third, second, third]),
    )


def surface_depth(
    vertices: ArrayLike, triangles: ArrayLike, size_wh: tuple[int, int]
) -> FloatArray:
    """(H, W) float32 z at the pixels' centres, -inf where there is no surface.

    Several times as fast as `surface_buffer`, whose arguments and errors it has.
    """
    points, corners = checked_mesh(vertices, triangles)
    part = _part(points, size_wh)
    depth = np.full(size_wh[::-1], -np.inf, np.float32)
    if part is None:
        return depth
    shifted = points - part.origin
    window = depth[part.rows, part.columns]
    if opencv_rasterises(len(corners)):
        depth_by_opencv(shifted, corners, window)
    else:
        window[:] = rasterise(shifted, corners, part.size_wh).depth
    return depth


class SurfaceView:
    """Depth, and values of the vertices, at a picture's pixels from one z-buffer pass."""

    def __init__(self, vertices: ArrayLike, triangles: ArrayLike, size_wh: tuple[int, int]) -> None:
        """Find the surface; arguments and errors as of `surface_buffer`."""
        points, corners = checked_mesh(vertices, triangles)
        self._shape = size_wh[::-1]
        self._part = _part(points, size_wh)
        self._surface: OpencvSurface | None = None
        self._buffer: SurfaceBuffer | None = None
        if not opencv_rasterises(len(corners)) or not opencv_interpolates():
            self._buffer = surface_buffer(points, corners, size_wh)
            z = self._buffer.interpolated(points[:, 2])
            self.depth = self._buffer.picture([z], -np.inf)[..., 0]
        elif self._part is not None:
            shifted = points - self._part.origin
            self._surface = OpencvSurface(shifted, corners, self._part.size_wh)
            self.depth = self._whole(self._surface.depth, -np.inf)
        else:
            self.depth = np.full(self._shape, -np.inf, np.float32)

    def picture(self, values: NDArray[np.floating], empty: float) -> FloatArray:
        """(N, C) values of the vertices, C of 1, 3 or 4 -> (H, W, C)."""
        own = np.ascontiguousarray(values, np.float32)
        if self._buffer is not None:
            return self._buffer.picture([self._buffer.interpolated(v) for v in own.T], empty)
        if self._surface is None:
            return np.full((*self._shape, own.shape[1]), empty, np.float32)
        return self._whole(self._surface.picture(own, empty), empty)

    def _whole(self, window: FloatArray, empty: float) -> FloatArray:
        """The picture of which a window is the part with the mesh."""
        if window.shape[:2] == self._shape or self._part is None:
            return window
        shape = (*self._shape, *window.shape[2:])
        whole = np.full(shape, empty, np.float32) if empty else np.zeros(shape, np.float32)
        whole[self._part.rows, self._part.columns] = window
        return whole


@dataclass(frozen=True, slots=True)
class _Part:
    """The pixels that a mesh can touch: a small face in a large photo is cheap.

    Attributes:
        low: Its first column and row.
        size_wh: Its width, height.
    """

    low: tuple[int, int]
    size_wh: tuple[int, int]

    @property
    def origin(self) -> tuple[int, int, int]:
        """What is taken from points of the picture to get those of the part."""
        return (*self.low, 0)

    @property
    def rows(self) -> slice:
        """In the picture."""
        return slice(self.low[1], self.low[1] + self.size_wh[1])

    @property
    def columns(self) -> slice:
        """In the picture."""
        return slice(self.low[0], self.low[0] + self.size_wh[0])

    def in_picture(self, pixels: NDArray[np.intp], width: int) -> NDArray[np.intp]:
        """Flat indices of the part -> those of a picture of that width."""
        first = self.low[1] * width + self.low[0]
        if width == self.size_wh[0]:
            return pixels + first
        return pixels + (pixels // self.size_wh[0]) * (width - self.size_wh[0]) + first


def _part(points: NDArray[np.float64], size_wh: tuple[int, int]) -> _Part | None:
    """The part of the picture that the points' box touches; None: there is none."""
    width, height = size_wh
    if width < 1 or height < 1:
        raise InputError(f"expected a picture of at least 1x1 pixels, got {width}x{height}")
    if not len(points):
        return None
    x, y = points[:, 0], points[:, 1]  # each alone: a tenth of the time of both along an axis
    left, top = (
        min(max(math.floor(each.min()), 0), end) for each, end in ((x, width), (y, height))
    )
    right, bottom = (
        min(max(math.ceil(each.max()) + 1, 0), end) for each, end in ((x, width), (y, height))
    )
    if right <= left or bottom <= top:
        return None
    return _Part((left, top), (right - left, bottom - top))


def _weights(
    xy: NDArray[np.float64],
    corners: IndexArray,
    chosen: NDArray[np.intp],
    x: NDArray[np.intp],
    y: NDArray[np.intp],
) -> FloatArray:
    """(P, 2) barycentric weights of the second and third corner at pixels x, y."""
    a, b, c = (xy[corners[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    scale = np.divide(1.0, area, out=np.zeros_like(area), where=area != 0)[chosen]
    dx, dy = x - a[chosen, 0], y - a[chosen, 1]
    second = (dx * ac[chosen, 1] - dy * ac[chosen, 0]) * scale
    third = (dy * ab[chosen, 0] - dx * ab[chosen, 1]) * scale
    return np.stack([second, third], axis=1).astype(np.float32)
