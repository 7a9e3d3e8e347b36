"""Cut a triangle mesh along the zero line of a field, so that its border is smooth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_SNAP = 0.3  # share of an edge: a crossing nearer to an end moves that end instead


@dataclass(frozen=True, slots=True)
class ClippedSurface:
    """What is left of a mesh, its vertices as mixtures of two of the old ones.

    Attributes:
        ends: (n, 2) old vertices i and j.
        share: (n,) of j; 0 where a vertex was kept as it is.
        triangles: (m, 3) of the new vertices.
    """

    ends: IndexArray
    share: Array
    triangles: IndexArray

    def values(self, old: Array) -> Array:
        """(..., N, k) values of the old vertices -> (..., n, k) of the new ones."""
        first, second = old[..., self.ends[:, 0], :], old[..., self.ends[:, 1], :]
        mixed = first + (second - first) * self.share[:, None]
        return np.asarray(mixed, np.float64)


def clip_surface(triangles: IndexArray, field: Array) -> ClippedSurface:
    """Keep where the field is positive.

    Args:
        triangles: (m, 3).
        field: (N,) linear along each edge.
    """
    field = np.where(field == 0.0, 1e-12, field)
    ends = np.stack([np.arange(len(field))] * 2, axis=1)
    share = np.zeros(len(field))
    field, ends, share = _snapped(triangles, field, ends, share)
    clipped, ends, share = _cut(triangles, field, ends, share)
    used = np.unique(clipped)
    place = np.full(len(ends), -1)
    place[used] = np.arange(len(used))
    return ClippedSurface(ends[used], share[used], place[clipped])


def _snapped(
    triangles: IndexArray, field: Array, ends: IndexArray, share: Array
) -> tuple[Array, IndexArray, Array]:
    """Move vertices that lie near the line onto it, each along its shortest crossing edge."""
    edges = np.unique(np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                              triangles[:, [2, 0]]]), axis=1), axis=0)  # fmt: skip
    first, second = edges.T
    crossing = field[first] * field[second] < 0.0
    first, second = first[crossing], second[crossing]
    at = field[first] / (field[first] - field[second])  # from first to second
    movers = np.concatenate([first, second])
    others = np.concatenate([second, first])
    distance = np.concatenate([at, 1.0 - at])
    moved_field = field.copy()
    for k in np.argsort(distance, kind="stable"):
        vertex = movers[k]
        if distance[k] > _SNAP:
            break
        if moved_field[vertex] != 0.0:
            moved_field[vertex] = 0.0
            ends[vertex], share[vertex] = (vertex, others[k]), distance[k]
    return moved_field, ends, share


def _cut(
    triangles: IndexArray, field: Array, ends: IndexArray, share: Array
) -> tuple[IndexArray, IndexArray, Array]:
    """Split the triangles that the line still crosses."""
    sign = np.sign(field[triangles])
    whole = (sign >= 0.0).all(axis=1) & (sign > 0.0).any(axis=1)
    split = (sign > 0.0).any(axis=1) & (sign < 0.0).any(axis=1)
    new: dict[tuple[int, int], int] = {}
    made: list[tuple[int, int, int]] = []
    for corners in triangles[split]:
        polygon: list[int] = []
        for a, b in zip(corners, np.roll(corners, -1), strict=True):
            if field[a] >= 0.0:
                polygon.append(int(a))
            if field[a] * field[b] < 0.0:
                key = (int(min(a, b)), int(max(a, b)))
                polygon.append(new.setdefault(key, len(field) + len(new)))
        made += [(polygon[0], polygon[k], polygon[k + 1]) for k in range(1, len(polygon) - 1)]
    pairs = np.array(list(new), np.int64).reshape(-1, 2)
    values = field[pairs]
    at = values[:, 0] / (values[:, 0] - values[:, 1]) if len(pairs) else np.zeros(0)
    kept = np.concatenate([triangles[whole], np.array(made, np.int64).reshape(-1, 3)])
    return kept, np.concatenate([ends, pairs]), np.concatenate([share, at])
