"""Vertex and triangle arrays, checked, with their normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class FileMesh:
    """A mesh as it stands in a file: right-handed, x right, y up, z toward the viewer.

    Attributes:
        positions: (N, 3) float32, image pixels or the face model's units.
        normals: (N, 3) float32, unit length, outward.
        triangles: (M, 3) int32, counter-clockwise seen from outside.
        colours: (N, 3) uint8 sRGB, or None.
        uv: (N, 2) float32, u right, v up, or None: only where there is a texture.
        texture_bgr: (S, S, 3) uint8 BGR, or None.
    """

    positions: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]
    colours: NDArray[np.uint8] | None = None
    uv: NDArray[np.float32] | None = None
    texture_bgr: NDArray[np.uint8] | None = None


def checked_mesh(vertices: ArrayLike, triangles: ArrayLike) -> tuple[FloatArray, IndexArray]:
    """The mesh as new float64 (N, 3) and intp (M, 3) arrays, or `InputError`."""
    try:
        points, corners = np.array(vertices, np.float64), np.asarray(triangles)
    except (TypeError, ValueError) as error:
        raise InputError(f"expected arrays of numbers as a mesh: {error}") from error
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"expected vertices of shape (N, 3), got {points.shape}")
    if not np.isfinite(points).all():
        raise InputError("expected finite vertices, got NaN or infinity")
    if corners.ndim != 2 or corners.shape[1] != 3 or corners.dtype.kind not in "iu":
        raise InputError(
            f"expected triangles (M, 3) of integers, got {corners.shape} {corners.dtype}"
        )
    if corners.size and (corners.min() < 0 or corners.max() >= len(points)):
        raise InputError(
            f"expected triangle indices in 0..{len(points) - 1}, "
            f"got {corners.min()}..{corners.max()}"
        )
    return points, corners.astype(np.intp)


def vertex_normals(vertices: ArrayLike, triangles: ArrayLike) -> FloatArray:
    """Unit normals of the vertices, the area-weighted mean of their triangles' normals.

    Args:
        vertices: (N, 3), x right, y down, z toward the camera.
        triangles: (M, 3), counter-clockwise seen from outside in a y-up frame.

    Returns:
        (N, 3) float64, outward, in the frame of `vertices` (z > 0 faces the camera); zeros for a
        vertex without a triangle of any area.

    Raises:
        InputError: As in `rasterise`.
    """
    points, corners = checked_mesh(vertices, triangles)
    return unit_vertex_normals(points, corners)


def unit_vertex_normals(points: FloatArray, corners: IndexArray) -> FloatArray:
    """`vertex_normals` for arrays that were checked before."""
    columns = np.ascontiguousarray(points.T)  # (3, N): a third of the time of rows
    a, b, c = np.ascontiguousarray(corners.T)  # (M,) each
    first = [np.take(column, a) for column in columns]
    # y points down, which mirrors the winding: the cross product the other way round.
    ux, uy, uz = (np.take(columns[k], c) - first[k] for k in range(3))
    vx, vy, vz = (np.take(columns[k], b) - first[k] for k in range(3))
    facing = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)  # (M,) each
    count = len(points)
    normals = np.zeros((3, count))
    for corner in (a, b, c):
        for axis in range(3):
            normals[axis] += np.bincount(corner, facing[axis], minlength=count)
    lengths = np.sqrt((normals * normals).sum(axis=0))
    unit = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return np.ascontiguousarray(unit.T)
