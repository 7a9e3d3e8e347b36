"""Texture coordinates of a face: a cylinder unrolled, with what it folds relaxed.

Ears, nostrils, sockets and the inside of the mouth fold over on a cylinder. They are laid out by
Floater's mean-value coordinates (2003) inside the rim of what does not fold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Array = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_SKIN_WIDTH = 0.96  # of the square's side
_EYE_RADIUS = 0.06
_SHRUNK = 0.05  # a triangle whose area falls below this share of its own counts as folded


def unroll(
    points: Array,
    triangles: IndexArray,
    *,
    is_eyeball: NDArray[np.bool_],
    is_inside: NDArray[np.bool_],
    mirror: IndexArray,
) -> Array:
    """Map a symmetric face to the unit square.

    Args:
        points: (n, 3) vertices, y up, z toward the viewer; with parted lips, so that the inside of
            the mouth has room between them.
        triangles: (m, 3).
        is_eyeball: (n,) vertices of the eyeballs, which are put into the lower corners.
        is_inside: (n,) vertices of the mouth and the eye sockets.
        mirror: (n,) each vertex's mirror image.

    Returns:
        (n, 2) u along x, v up.
    """
    skin = triangles[~is_eyeball[triangles[:, 0]]]
    uv = _cylinder(points)
    used = np.unique(skin)
    free = np.intersect1d(
        _folded(points, uv, skin, is_inside), np.setdiff1d(used, _outer_border(skin))
    )
    fixed = np.setdiff1d(used, free)
    weights = _mean_value_weights(points, skin)[free]
    total = sparse.csr_matrix(
        (np.asarray(weights.sum(axis=1)).ravel(), (np.arange(len(free)), free)), weights.shape
    )
    system = total - weights
    uv[free] = splu(system[:, free].tocsc()).solve(-(system[:, fixed] @ uv[fixed]))
    low, high = uv[used].min(axis=0), uv[used].max(axis=0)
    uv = (uv - (low + high) / 2.0) * (_SKIN_WIDTH / float((high - low).max()))
    for side in (-1.0, 1.0) if is_eyeball.any() else ():
        eye = np.flatnonzero(is_eyeball & (points[:, 0] * side > 0.0))
        flat = points[eye, :2] - (points[eye, :2].min(axis=0) + points[eye, :2].max(axis=0)) / 2.0
        corner = 0.5 - _EYE_RADIUS - 0.005
        uv[eye] = flat * (_EYE_RADIUS / np.abs(flat).max()) + np.array([side * corner, -corner])
    mirrored = uv[mirror] * np.array([-1.0, 1.0])
    return np.asarray((uv + mirrored) / 2.0 + 0.5, np.float64)


def _cylinder(points: Array) -> Array:
    """(n, 2) length along a cylinder about the head's middle, and height."""
    x, y, z = points.T
    middle = z.max() - 1.25 * np.abs(x).max()
    return np.stack([np.arctan2(x, z - middle) * np.abs(x).max(), y], axis=1)


def _folded(
    points: Array, uv: Array, triangles: IndexArray, is_inside: NDArray[np.bool_]
) -> IndexArray:
    """Vertices inside, of triangles that turn over or shrink away, and two rings about them."""
    first, second = (uv[triangles[:, k]] - uv[triangles[:, 0]] for k in (1, 2))
    flat = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    first3, second3 = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    solid = np.linalg.norm(np.cross(first3, second3), axis=1)
    chosen = is_inside.copy()
    chosen[triangles[flat < _SHRUNK * solid]] = True
    for _ in range(2):
        chosen[triangles[chosen[triangles].any(axis=1)]] = True
    return np.flatnonzero(chosen)


def _outer_border(triangles: IndexArray) -> list[int]:
    """Vertices of the longest border: sockets may be open at their backs."""
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    directed = {(int(a), int(b)) for a, b in sides}
    following = {a: b for a, b in directed if (b, a) not in directed}
    longest: list[int] = []
    while following:
        start = min(following)
        loop = [start]
        while (after := following.pop(loop[-1])) != start:
            loop.append(after)
        longest = max(longest, loop, key=len)
    return longest


def _mean_value_weights(points: Array, triangles: IndexArray) -> sparse.csr_matrix:
    """(n, n) weights tan(angle / 2) over length, summed over the two triangles of an edge."""
    rows, columns, values = [], [], []
    for corner in range(3):
        a, b, c = (triangles[:, (corner + k) % 3] for k in range(3))
        to_b, to_c = points[b] - points[a], points[c] - points[a]
        long_b = np.maximum(np.linalg.norm(to_b, axis=1), 1e-9)
        long_c = np.maximum(np.linalg.norm(to_c, axis=1), 1e-9)
        cosine = np.clip((to_b * to_c).sum(axis=1) / (long_b * long_c), -1.0, 1.0)
        half = np.sqrt(np.maximum(1.0 - cosine, 1e-12) / np.maximum(1.0 + cosine, 1e-6))
        rows += [a, a]
        columns += [b, c]
        values += [half / long_b, half / long_c]
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values), index), shape=(len(points),) * 2)
