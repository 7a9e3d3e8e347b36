"""Indexed surfaces for drawing: one vertex for each corner's texture coordinate, smooth normals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int64]

_PLAIN = np.array([0, 0, 0, 0, 0, 0, 0, 1], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSurface:
    """A surface whose vertices follow those of a mesh.

    Attributes:
        source: (n,) mesh vertex of each drawn vertex.
        uv: (n, 2) texture coordinates, v up.
        triangles: (k, 3) int32 drawn vertices.
        mesh_triangles: (k, 3) the same in mesh vertices.
        to_vertices: (m, k) sums what triangles have over the m mesh vertices.
        masks: (n, 8) float32: where beard, moustache, goatee, cropped hair, cloth, lips and lids
            are, and the share of the surroundings' light.
    """

    source: IndexArray
    uv: FloatArray
    triangles: NDArray[np.int32]
    mesh_triangles: IndexArray
    to_vertices: csr_matrix
    masks: FloatArray

    def with_masks(self, masks: FloatArray) -> DrawnSurface:
        """The same surface with masks (m, 8) of its mesh vertices."""
        return replace(self, masks=np.ascontiguousarray(masks[self.source], np.float32))

    def normals(self, vertices: FloatArray) -> FloatArray:
        """(m, 3) unit normals of the mesh vertices, weighted by the triangles' areas."""
        first, second, third = (vertices[self.mesh_triangles[:, k]] for k in range(3))
        flat = np.cross(second - first, third - first)
        summed = self.to_vertices @ flat
        length = np.sqrt(np.einsum("nj,nj->n", summed, summed))[:, None]
        return np.asarray(summed / np.maximum(length, 1e-12), np.float32)

    def drawn(self, vertices: FloatArray) -> FloatArray:
        """(n, 6) float32: position and normal of the drawn vertices."""
        both = np.concatenate([vertices, self.normals(vertices)], axis=1)
        return np.ascontiguousarray(both[self.source], np.float32)


def drawn_surface(
    triangles: IndexArray, texture_triangles: IndexArray, texture: FloatArray, vertices: int
) -> DrawnSurface:
    """Split the vertices of a mesh where its texture has seams.

    Args:
        triangles: (k, 3) mesh vertices.
        texture_triangles: (k, 3) texture coordinates of the corners.
        texture: (t, 2) texture coordinates.
        vertices: Number of mesh vertices.
    """
    pairs = np.stack([triangles.ravel(), texture_triangles.ravel()], axis=1)  # (3k, 2)
    unique, corner = np.unique(pairs, axis=0, return_inverse=True)
    rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    ones = np.ones(len(rows), np.float32)
    summing = csr_matrix((ones, (rows, columns)), shape=(vertices, len(triangles)))
    return DrawnSurface(
        unique[:, 0],
        np.ascontiguousarray(texture[unique[:, 1]], np.float32),
        corner.reshape(-1, 3).astype(np.int32),
        triangles,
        summing,
        np.tile(_PLAIN, (len(unique), 1)),
    )


def grid_surface(rows: int, columns: int, *, closed: bool = False) -> DrawnSurface:
    """A sheet of (rows * columns) vertices, row by row, textured from corner to corner.

    Args:
        rows: At least 2.
        columns: At least 2.
        closed: Whether the last column meets the first, as on a tube.
    """
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, axis=1) if closed else index[:, 1:]
    left = index if closed else index[:, :-1]
    a, b, c, d = left[:-1], right[:-1], left[1:], right[1:]
    triangles = np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)
    u, v = np.meshgrid(np.linspace(0.0, 1.0, columns), np.linspace(1.0, 0.0, rows))
    texture = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    return drawn_surface(triangles, triangles, texture, rows * columns)
