"""A mesh's visible surface from its vertices alone, on a coarse grid: quick enough for video."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]

_CELL_SPACINGS = 0.8  # side of a cell, in mean distances of neighbouring vertices
_MIN_FACING = 0.05  # cosine below which a vertex is taken to face away
# What lies farther than this behind its neighbours is hidden: a share of the surface's size, and
# cells, because toward the outline a surface falls by several of them from one to the next.
_DEPTH_SHARE, _DEPTH_CELLS = 0.04, 5.0
_CLOSING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


@dataclass(frozen=True, slots=True)
class SplatGrid:
    """A surface seen on a grid of cells, for enlargement.

    Attributes:
        values: (h, w) float32, the mean value of the vertices seen in and around each cell.
        cover: (h, w) uint8, 255 where there is surface.
    """

    values: Float32Array
    cover: NDArray[np.uint8]


def splat_surface(
    vertices: Float32Array, values: Float32Array, facing: Float32Array, size_wh: tuple[int, int]
) -> SplatGrid:
    """Show the vertices that are seen on a grid whose cells are about as wide as their distance.

    A vertex is seen when it faces the camera and no neighbouring cell holds one that is far nearer.
    Holes between vertices are closed. The outline is true to about a cell.

    Args:
        vertices: (N, 3) pixels of the window: x right, y down, z toward the camera.
        values: (N,) what to show, such as shades.
        facing: (N,) z of the vertices' unit normals, positive toward the camera.
        size_wh: Width and height of the window; parts outside are left out.
    """
    width, height = size_wh
    x, y, z = np.ascontiguousarray(vertices.T)  # rows: a third of the time of columns
    extent = float(np.ptp(x)), float(np.ptp(y))
    front = facing > _MIN_FACING
    spacing = math.sqrt(extent[0] * extent[1] / max(int(front.sum()), 1))
    cell = max(1.0, _CELL_SPACINGS * spacing)
    w, h = max(1, round(width / cell)), max(1, round(height / cell))
    columns = np.floor((x + np.float32(0.5)) * np.float32(w / width))
    rows = np.floor((y + np.float32(0.5)) * np.float32(h / height))
    shown = front & (columns >= 0) & (columns < w) & (rows >= 0) & (rows < h)
    index = (rows[shown] * w + columns[shown]).astype(np.intp)
    z, value = z[shown], values[shown]
    nearest = np.full(h * w, -np.inf, np.float32)
    np.maximum.at(nearest, index, z)
    around = cv2.dilate(nearest.reshape(h, w), np.ones((3, 3), np.uint8)).reshape(-1)
    slack = _DEPTH_SHARE * max(extent) + _DEPTH_CELLS * cell
    seen = z >= around[index] - np.float32(slack)
    index, value = index[seen], value[seen]
    count = np.bincount(index, minlength=h * w).astype(np.float32).reshape(h, w)
    total = np.bincount(index, value, h * w).astype(np.float32).reshape(h, w)
    cover = cv2.morphologyEx(
        (count > 0).astype(np.uint8) * 255,
        cv2.MORPH_CLOSE,
        _CLOSING,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return SplatGrid(_smoothed(total, count), np.asarray(cover, np.uint8))


def _smoothed(total: Float32Array, count: Float32Array) -> Float32Array:
    """Mean over 3 x 3 cells; where these are empty over 9 x 9."""
    wide_total, wide_count = (cv2.blur(each, (9, 9)) for each in (total, count))
    mean = wide_total / np.maximum(wide_count, np.float32(1e-6))
    near_total, near_count = (cv2.blur(each, (3, 3)) for each in (total, count))
    known = near_count > 1e-6
    return np.asarray(np.divide(near_total, near_count, out=mean, where=known), np.float32)
