"""The surface that a picture shows: one z-buffer pass, from which any attribute is interpolated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import IndexArray, checked_mesh
from .opencv_zbuffer import opencv_rasterises, rasterise_by_opencv
from .zbuffer import rasterise

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
    width, height = size_wh
    if width < 1 or height < 1:
        raise InputError(f"expected a picture of at least 1x1 pixels, got {width}x{height}")
    # The pass runs in the window that the mesh can touch: a small face in a large photo is cheap.
    low, high = _window(points[:, :2], width, height) if len(points) else ((0, 0), (0, 0))
    span = (high[0] - low[0], high[1] - low[1])
    if min(span) < 1:
        nothing = np.zeros((3, 0), np.intp)
        return SurfaceBuffer(size_wh, nothing[0], nothing[0], nothing, nothing.astype(np.float32))
    shifted = points - (*low, 0)
    if opencv_rasterises(len(corners)):
        pixels, chosen, weights = rasterise_by_opencv(shifted, corners, span)
        y, x = np.divmod(pixels, span[0])
    else:
        ids = rasterise(shifted, corners, span).triangle_ids
        y, x = np.nonzero(ids >= 0)
        chosen = ids[y, x].astype(np.intp)
        weights = _weights(shifted[:, :2], corners, chosen, x, y)
    return SurfaceBuffer(
        size_wh,
        (y + low[1]) * width + (x + low[0]),
        chosen,
        np.stack([np.take(corners[:, k], chosen) for k in range(3)]),
        np.stack([1 - weights[:, 0] - weights[:, 1], weights[:, 0], weights[:, 1]]),
    )


def _window(
    xy: NDArray[np.float64], width: int, height: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and end pixel of the part of the picture that the points' box touches."""
    size = np.array([width, height])
    low = np.clip(np.floor(xy.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(xy.max(axis=0)) + 1, 0, size).astype(int)
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))


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
