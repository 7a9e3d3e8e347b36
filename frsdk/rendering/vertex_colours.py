"""Vertex colours of a face from its photograph, the hidden side filled in."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..imaging.face_crop import check_image
from ..meshes.mesh_arrays import FloatArray, IndexArray, checked_mesh
from .visible_vertices import well_seen_vertices

BoolArray = NDArray[np.bool_]
_SMOOTHING_PASSES = 40
_LIGHT_PASSES = 25
_MISSING_RGB = (200.0, 170.0, 150.0)


def vertex_colours(
    image_bgr: NDArray[np.uint8],
    vertices: ArrayLike,
    triangles: ArrayLike,
    *,
    mirror: ArrayLike | None = None,
) -> NDArray[np.uint8]:
    """Sample the photograph where the vertices are seen, and fill in the others.

    A vertex is seen when it lies in the image, faces the camera and nothing of the mesh lies before
    it. Another one takes the colour of its mirror vertex when that is seen, corrected by the
    difference of light between the two sides, which is known along the border of what is seen and
    is carried over smoothly (as in Poisson image editing). What is left is spread over the mesh's
    edges from the seen vertices. Photographs finer than the mesh are averaged down first.

    Args:
        image_bgr: (H, W, 3) uint8.
        vertices: (N, 3) image pixels, integers at pixel centres, x right, y down, z toward the
            camera.
        triangles: (M, 3), counter-clockwise seen from outside in a y-up frame.
        mirror: (N,) index of each vertex's mirror image; None or empty: no symmetry is used.

    Returns:
        (N, 3) uint8 RGB. A mesh of which nothing is seen has one plain skin colour.

    Raises:
        InputError: Arrays of a wrong shape or range.
    """
    points, corners = checked_mesh(vertices, triangles)
    check_image(image_bgr)
    seen = well_seen_vertices(points, corners) & _inside(points, image_bgr)
    colours = np.zeros((len(points), 3))
    if not seen.any():
        colours[:] = _MISSING_RGB
        return colours.astype(np.uint8)
    colours[seen] = _sampled(image_bgr, points, seen)[:, ::-1]
    graph = _Edges(corners, len(points))
    twin = _checked_mirror(mirror, len(points))
    if twin is not None:
        colours, seen = _filled_from_mirror(colours, seen, twin, graph)
    return np.rint(graph.spread(colours, seen)).clip(0, 255).astype(np.uint8)


def _checked_mirror(mirror: ArrayLike | None, count: int) -> IndexArray | None:
    if mirror is None or np.size(mirror) == 0:
        return None
    twin = np.asarray(mirror)
    if twin.shape != (count,) or twin.dtype.kind not in "iu":
        raise InputError(f"expected mirror ({count},) of integers, got {twin.shape} {twin.dtype}")
    if twin.min() < 0 or twin.max() >= count:
        raise InputError(f"expected mirror indices in 0..{count - 1}")
    return twin.astype(np.intp)


def _inside(points: FloatArray, image: NDArray[np.uint8]) -> BoolArray:
    height, width = image.shape[:2]
    x, y = points[:, 0], points[:, 1]
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))


def _sampled(image: NDArray[np.uint8], points: FloatArray, seen: BoolArray) -> FloatArray:
    """Bilinear samples (K, 3) BGR at the seen vertices, of the photo at the mesh's resolution."""
    xy = points[seen, :2]
    low, high = np.floor(xy.min(axis=0)).astype(int), np.ceil(xy.max(axis=0)).astype(int)
    spacing = math.sqrt(float(np.prod(np.ptp(points[:, :2], axis=0) + 1)) / len(points))
    factor = max(1, int(spacing / 2))
    window = image[low[1] : high[1] + 1, low[0] : high[0] + 1]
    height, width = window.shape[:2]
    if factor > 1 and min(height, width) > factor:
        size = (width // factor, height // factor)
        scale = np.array([size[0] / width, size[1] / height])
        window = np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), np.uint8)
        return _bilinear(window, (xy - low + 0.5) * scale - 0.5)
    return _bilinear(window, xy - low)


def _bilinear(image: NDArray[np.uint8], xy: FloatArray) -> FloatArray:
    """Samples (K, 3) at (K, 2) pixel positions; the border is repeated outside."""
    height, width = image.shape[:2]
    xy = np.clip(xy, 0, (width - 1, height - 1))
    x0, y0 = np.floor(xy).astype(np.intp).T
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (xy - np.stack([x0, y0], axis=1)).T[..., None]  # (K, 1) each
    top = image[y0, x0] * (1 - fx) + image[y0, x1] * fx
    bottom = image[y1, x0] * (1 - fx) + image[y1, x1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy)


def _filled_from_mirror(
    colours: FloatArray, seen: BoolArray, twin: IndexArray, graph: _Edges
) -> tuple[FloatArray, BoolArray]:
    """Unseen vertices whose mirror is seen: its colour plus the smooth difference of light."""
    paired = seen & seen[twin]
    fill = ~seen & seen[twin]
    # Known where both sides are seen, carried over the rest. Without any, there is no correction.
    difference = np.where(paired[:, None], colours - colours[twin], 0.0)
    if paired.any():
        # Light varies slowly: smooth first, so that background at the outline is not carried over.
        difference = graph.spread(graph.smoothed(difference, paired), paired)
    out = np.where(fill[:, None], np.clip(colours[twin] + difference, 0, 255), colours)
    return out, seen | fill


class _Edges:
    """The edges of a mesh, over which values are spread."""

    def __init__(self, corners: IndexArray, count: int) -> None:
        a, b, c = corners.T
        # Both directions of every triangle's edges: one between two triangles counts twice.
        source = np.concatenate([a, b, c, b, c, a])
        target = np.concatenate([b, c, a, a, b, c])
        order = np.argsort(target, kind="stable")
        self._source, self._target = source[order], target[order]
        self._count = count

    def spread(self, values: FloatArray, known: BoolArray) -> FloatArray:
        """Values (N, 3) with the unknown ones filled smoothly from the known ones.

        Ring by ring outward, each unknown vertex takes the mean of its neighbours that have a
        value; then the filled ones are relaxed toward the mean of theirs. A part of the mesh
        without any known vertex takes the mean of all known ones.
        """
        values = np.where(known[:, None], values, 0.0)
        self._grow(values, known)
        open_edges = ~known[self._target]
        source, target = self._source[open_edges], self._target[open_edges]
        if not target.size:
            return values
        filled, starts, number = np.unique(target, return_index=True, return_counts=True)
        for _ in range(_SMOOTHING_PASSES):
            # (E, 3) summed over each target's run of edges -> (K, 3)
            values[filled] = np.add.reduceat(values[source], starts, axis=0) / number[:, None]
        return values

    def smoothed(self, values: FloatArray, among: BoolArray) -> FloatArray:
        """Rows of `among` averaged again and again with their neighbours in `among`."""
        values = values.copy()
        inside = among[self._source] & among[self._target]
        source, target = self._source[inside], self._target[inside]
        if not target.size:
            return values
        rows, starts, number = np.unique(target, return_index=True, return_counts=True)
        for _ in range(_LIGHT_PASSES):
            total = values[rows] + np.add.reduceat(values[source], starts, axis=0)
            values[rows] = total / (number + 1)[:, None]
        return values

    def _grow(self, values: FloatArray, known: BoolArray) -> None:
        """Fill the unknown rows of `values` ring by ring, in place."""
        reached = known.copy()
        source, target = self._source, self._target
        while True:
            waiting = ~reached[target]
            source, target = source[waiting], target[waiting]
            border = reached[source]
            if not border.any():
                break
            inner, outer = source[border], target[border]
            ring, starts, number = np.unique(outer, return_index=True, return_counts=True)
            values[ring] = np.add.reduceat(values[inner], starts, axis=0) / number[:, None]
            reached[ring] = True
        values[~reached] = values[known].mean(axis=0)
