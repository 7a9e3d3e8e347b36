"""Triangle meshes into an exact z-buffer, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import FloatArray, IndexArray, checked_mesh

_PIXELS_PER_BLOCK = 1 << 19
_NO_DEPTH = -np.inf


@dataclass(frozen=True, slots=True)
class TriangleBuffer:
    """What each pixel shows of a mesh.

    Attributes:
        triangle_ids: (H, W) int32, index of the nearest triangle at the pixel's centre, -1: none.
        depth: (H, W) float32, its z there (pixels, positive toward the camera), -inf: none.
    """

    triangle_ids: NDArray[np.int32]
    depth: NDArray[np.float32]


def rasterise(
    vertices: ArrayLike,
    triangles: ArrayLike,
    size_wh: tuple[int, int],
    *,
    cull_back_faces: bool = True,
) -> TriangleBuffer:
    """Find the nearest triangle at every pixel's centre.

    A pixel belongs to a triangle when its centre lies inside; on an edge that two triangles share
    exactly one of them takes it, so that a closed surface has neither gaps nor double pixels.

    Args:
        vertices: (N, 3) image pixels, integers at pixel centres: x right, y down, z toward the
            camera. Parts outside the image are clipped.
        triangles: (M, 3) vertex indices, counter-clockwise seen from outside in a y-up frame.
        size_wh: Width, height of the image.
        cull_back_faces: Leave out triangles that face away from the camera.

    Returns:
        The buffers.

    Raises:
        InputError: Vertices not (N, 3) or not finite, triangle indices out of range, or an empty
            image.
    """
    points, corners = checked_mesh(vertices, triangles)
    width, height = size_wh
    if width < 1 or height < 1:
        raise InputError(f"expected an image of at least 1x1 pixels, got {width}x{height}")
    depth = np.full(width * height, _NO_DEPTH, np.float32)
    ids = np.full(width * height, -1, np.int32)
    chosen = _drawable(points, corners, width, height, cull_back_faces)
    for rows in _row_blocks(points, corners, chosen, width, height):
        pixels, z, owners = _span_pixels(rows)
        np.maximum.at(depth, pixels, z)
        nearest = z >= depth[pixels]
        ids[pixels[nearest]] = owners[nearest]
    return TriangleBuffer(ids.reshape(height, width), depth.reshape(height, width))


def _drawable(
    points: FloatArray, corners: IndexArray, width: int, height: int, cull: bool
) -> IndexArray:
    """Indices of the triangles that have an area, touch the image and (if asked) face us."""
    xy = points[:, :2][corners]  # (M, 3, 2)
    ab, ac = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    # Counter-clockwise in a y-up frame is clockwise here: positive with y down turned over.
    area = ab[:, 1] * ac[:, 0] - ab[:, 0] * ac[:, 1]
    low, high = _corner_range(xy)
    inside = (high >= 0).all(axis=1) & (low[:, 0] <= width - 1) & (low[:, 1] <= height - 1)
    return np.flatnonzero(inside & ((area > 0) if cull else (area != 0)))


def _corner_range(corners_at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least and greatest of (K, 3, D) over the three corners; faster than `min(axis=1)`."""
    a, b, c = corners_at[:, 0], corners_at[:, 1], corners_at[:, 2]
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)


@dataclass(frozen=True, slots=True)
class _Spans:
    """Horizontal runs of pixels: triangle, first flat pixel, length, z at its start and slope."""

    owner: NDArray[np.int32]
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    z_first: FloatArray
    dz_dx: FloatArray


def _row_blocks(
    points: FloatArray, corners: IndexArray, chosen: IndexArray, width: int, height: int
) -> Iterator[_Spans]:
    """Spans of the chosen triangles, in blocks that bound the memory of the pixel pass."""
    if not chosen.size:
        return
    xyz = points[corners[chosen]]  # (K, 3, 3)
    # Bound on the pixels of each triangle: its rows times its widest clipped row.
    low, high = (np.clip(end[:, :2], 0, (width, height)) for end in _corner_range(xyz))
    bound = np.cumsum(np.prod(high - low + 1, axis=1))
    blocks = (bound / (2 * _PIXELS_PER_BLOCK)).astype(np.int64)
    edges = np.flatnonzero(np.diff(blocks)) + 1
    for part in np.split(np.arange(len(chosen)), edges):
        yield _spans(xyz[part], chosen[part].astype(np.int32), width, height)


def _spans(xyz: FloatArray, owners: NDArray[np.int32], width: int, height: int) -> _Spans:
    """One span per triangle and pixel row: x in [left, right), the half-open rule."""
    ab, ac = xyz[:, 1] - xyz[:, 0], xyz[:, 2] - xyz[:, 0]
    normal = np.cross(ab, ac)  # (K, 3): the plane z = z0 + dz_dx (x - x0) + dz_dy (y - y0)
    dz_dx, dz_dy = -normal[:, 0] / normal[:, 2], -normal[:, 1] / normal[:, 2]
    # The ends of an edge in one order whatever the triangle, so that both sides get the same x.
    order = np.argsort(xyz[..., 1], axis=1)  # equal y: a horizontal edge, which no row crosses
    rank = np.arange(len(xyz))
    top, middle, bottom = (xyz[rank, order[:, k]] for k in range(3))
    first_row = np.ceil(np.clip(top[:, 1], 0, height)).astype(np.int64)
    end_row = np.ceil(np.clip(bottom[:, 1], 0, height)).astype(np.int64)
    rows = end_row - first_row
    k = np.repeat(np.arange(len(xyz)), rows)  # triangle of each row
    y = (np.arange(len(k)) - np.repeat(np.cumsum(rows) - rows, rows)) + first_row[k]
    upper = y < middle[k, 1]
    start = np.where(upper[:, None], top[k, :2], middle[k, :2])
    stop = np.where(upper[:, None], middle[k, :2], bottom[k, :2])
    x_long = _edge_x(top[k, :2], bottom[k, :2], y)
    x_short = _edge_x(start, stop, y)
    left = np.ceil(np.clip(np.minimum(x_long, x_short), 0, width)).astype(np.int64)
    right = np.ceil(np.clip(np.maximum(x_long, x_short), 0, width)).astype(np.int64)
    some = right > left
    k, y, left, right = k[some], y[some], left[some], right[some]
    z = xyz[k, 0, 2] + dz_dx[k] * (left - xyz[k, 0, 0]) + dz_dy[k] * (y - xyz[k, 0, 1])
    return _Spans(owners[k], y * width + left, right - left, z, dz_dx[k])


def _edge_x(start: FloatArray, stop: FloatArray, y: NDArray[np.int64]) -> FloatArray:
    """The x where the edge crosses the row, kept between its ends."""
    run, rise = stop[:, 0] - start[:, 0], stop[:, 1] - start[:, 1]
    share = np.divide(y - start[:, 1], rise, out=np.zeros_like(rise), where=rise > 0)
    return start[:, 0] + run * share


def _span_pixels(
    spans: _Spans,
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int32]]:
    """Every pixel of the spans: flat index, z, triangle."""
    length = spans.length
    along = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    pixels = np.repeat(spans.first, length) + along
    z = np.repeat(spans.z_first, length) + np.repeat(spans.dz_dx, length) * along
    return pixels, z.astype(np.float32), np.repeat(spans.owner, length)
