"""A coarse mesh of a face model with a rim, over which a picture is bent into another pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from frsdk.errors import FaceModelError
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.rendering.visible_vertices import unhidden_points

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

N_RINGS = 4  # around the rim: on it, two that turn with the head, and the picture's border
_RIM_COUNT = 48
_VIEWS_DEG = ((0.0, 0.0), (-45.0, 0.0), (45.0, 0.0), (-85.0, 0.0), (85.0, 0.0), (0.0, 25.0))


@dataclass(frozen=True, slots=True, eq=False)
class ProfilingMesh:
    """Some vertices of a face model, the rim among them in order, and rings around the rim.

    Attributes:
        basis: (51, 3V) float32 mean and modes of the V vertices, modes of one sigma each.
        landmark_count: The first vertices are the 68 landmarks.
        rim: (K,) vertices along the open edge of the surface, counter-clockwise from the front.
        rim_angle: (K,) their direction from the face's middle in the model's frontal view, radians.
        face_triangles: (T, 3) counter-clockwise seen from outside.
        front: (T,) whether a triangle lies before the landmarks' mean depth.
        ring_triangles: (U, 3) over V + ring * K + k.
    """

    basis: NDArray[np.float32]
    landmark_count: int
    rim: Indices
    rim_angle: Array
    face_triangles: Indices
    front: NDArray[np.bool_]
    ring_triangles: Indices

    def vertices(self, params: Array) -> Array:
        """(62,) parameters -> (V, 3) points in the y-up crop frame."""
        weights = np.concatenate([[1.0], params[12:]]).astype(np.float32)
        shape = (weights @ self.basis).reshape(-1, 3).astype(np.float64)  # (V, 3)
        pose = params[:12].reshape(3, 4)
        return np.asarray(shape @ pose[:, :3].T + pose[:, 3], np.float64)


def profiling_mesh(model: MorphableModel, *, vertices: int = 620) -> ProfilingMesh:
    """Thin a face model out to a mesh that is quick to draw.

    Args:
        model: A model with a surface, texture coordinates and one open edge around the face.
        vertices: How many to keep (landmarks and rim included).

    Raises:
        FaceModelError: The model has no surface, no texture coordinates or no open edge.
    """
    if not len(model.triangles) or not len(model.uv):
        raise FaceModelError(
            f"face profiling needs a surface with texture coordinates, which {model.name} lacks: "
            "use the built-in face model for the geometry"
        )
    mean = model.mean.astype(np.float64)
    loop = _outer_edge(np.asarray(model.triangles, np.int64), model.name)
    landmarks = np.asarray(model.landmark_indices, np.int64)
    every = np.linspace(0, len(loop), _RIM_COUNT, endpoint=False).astype(np.int64)
    rim = loop[every]
    first = [*landmarks, *rim]
    kept = _spread_out(mean, first, vertices, _skin(model, first))
    place = {int(vertex): row for row, vertex in enumerate(kept)}
    rim_rows = np.array([place[int(vertex)] for vertex in rim])
    middle = mean[landmarks, :2].mean(axis=0)
    angle = np.arctan2(*(mean[rim, :2] - middle).T[::-1])
    if np.sum(np.angle(np.exp(1j * np.diff(angle)))) < 0:
        rim_rows, angle = rim_rows[::-1], angle[::-1]
    rows = model.basis.reshape(len(model.basis), -1, 3)[:, kept].astype(np.float64)
    rows[1:] *= model.coefficient_std[:, None, None]
    faces = _triangles(model.uv[kept].astype(np.float64), rim_rows, mean[kept])
    return ProfilingMesh(
        basis=rows.reshape(len(rows), -1).astype(np.float32),
        landmark_count=len(landmarks),
        rim=rim_rows,
        rim_angle=np.asarray(angle, np.float64),
        face_triangles=faces,
        front=mean[kept][faces, 2].mean(axis=1) > mean[landmarks, 2].mean(),
        ring_triangles=_ring_triangles(len(kept), len(rim)),
    )


def _outer_edge(triangles: Indices, name: str) -> Indices:
    """The longest loop of edges that belong to one triangle only."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, first, count = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True
    )
    follower = dict(edges[first[count == 1]].tolist())
    longest: list[int] = []
    while follower:
        start, after = follower.popitem()
        loop = [start]
        while after != start:
            loop.append(after)
            after = follower.pop(after, start)
        longest = max(longest, loop, key=len)
    if len(longest) < _RIM_COUNT:
        raise FaceModelError(
            f"face profiling needs a surface with an open edge of {_RIM_COUNT} vertices or more, "
            f"{name} has {len(longest)}: use the built-in face model for the geometry"
        )
    return np.array(longest, np.int64)


def _skin(model: MorphableModel, first: list[int]) -> NDArray[np.bool_]:
    """(N,) vertices to choose from: all of a single sheet.

    Where eyes are parts of their own, those of the landmarks' part that show in some view: neither
    eyeballs, nor sockets, nor the inside of the mouth. A flat patch between the lids is the
    eye.
    """
    corners = np.asarray(model.triangles, np.int64)
    ends = (corners.reshape(-1), np.roll(corners, 1, axis=1).reshape(-1))
    graph = coo_matrix((np.ones(corners.size), ends), shape=(model.n_vertices,) * 2)
    count, part = connected_components(graph, directed=False)
    own = part == part[first[0]]
    if count == 1 or own.all():
        return np.ones(model.n_vertices, np.bool_)
    points = model.mean.astype(np.float64)
    seen = np.zeros(len(points), np.bool_)
    for yaw_deg, pitch_deg in _VIEWS_DEG:
        turned = points @ rotation_300w_lp(yaw_deg, pitch_deg, 0.0).T
        turned[:, 1] *= -1.0  # y down, as in a picture
        seen |= unhidden_points(turned, corners, turned)
    return np.asarray(own & seen, np.bool_)


def _spread_out(points: Array, first: list[int], count: int, allowed: NDArray[np.bool_]) -> Indices:
    """The given vertices (each once), then always the allowed one farthest from those chosen."""
    chosen = list(dict.fromkeys(int(vertex) for vertex in first))
    distance = np.where(allowed, np.inf, 0.0)
    count = min(count, int(allowed.sum()))
    for vertex in chosen:
        distance = np.minimum(distance, np.linalg.norm(points - points[vertex], axis=1))
    while len(chosen) < count:
        farthest = int(distance.argmax())
        chosen.append(farthest)
        distance = np.minimum(distance, np.linalg.norm(points - points[farthest], axis=1))
    return np.array(chosen, np.int64)


def _triangles(uv: Array, rim: Indices, mean: Array) -> Indices:
    """Delaunay triangles of the texture coordinates inside the rim, turned to face outward."""
    found = np.asarray(Delaunay(uv).simplices, np.int64)
    rank = np.full(len(uv), -1)
    rank[rim] = np.arange(len(rim))
    bridging = (rank[found] >= 0).all(axis=1)  # three vertices of the rim: across a dent of it
    found = found[~bridging]
    a, b, c = (mean[found[:, k]] for k in range(3))
    outward = np.einsum("tk,tk->t", np.cross(b - a, c - a), (a + b + c) / 3 - mean.mean(axis=0))
    found[outward < 0] = found[outward < 0][:, [0, 2, 1]]
    return found


def _ring_triangles(start: int, count: int) -> Indices:
    """Two triangles for each quad between neighbouring rings."""
    here = np.arange(count)
    after = (here + 1) % count
    parts = []
    for ring in range(N_RINGS - 1):
        inner, outer = start + ring * count, start + (ring + 1) * count
        parts.append(np.stack([inner + here, outer + here, inner + after], axis=1))
        parts.append(np.stack([inner + after, outer + here, outer + after], axis=1))
    return np.concatenate(parts)
