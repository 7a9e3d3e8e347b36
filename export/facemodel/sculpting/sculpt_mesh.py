"""The triangulation of one side of the parameter plane, graded toward the features."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay, cKDTree

from .sculpt_plane import FeatureCurves, offset_loop, unroll
from .sculpt_reference import HALF_LANDMARKS, FloatArray, IntArray, reference_landmarks

_COARSEST = 4.1  # mm between vertices far from every feature
_GROWTH = 0.095  # mm of spacing gained per mm of distance
_ROUNDS = 60
_EDGE_ROW = 0.8  # mm from the rims of the lids and lips to the first row inside
_PITCH = 1.0  # of the grid from which the free points are chosen (mm)

SKIN, EYE, MOUTH = 0, 1, 2

# Where the nose wants a fine mesh: the wing's rim and crease, the nostril, the tip (x, y, z).
_NOSE_DETAIL = (
    (6, -9, 31), (10, -8, 29), (3, -10, 33), (7, -12, 25), (12.6, -11, 20), (16, -9, 22),
    (18.5, -7, 18), (18.8, -2, 18), (15.5, 2.5, 23), (12, -3, 29), (6, -3, 38), (0, -4, 41),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HalfMesh:
    """One side of the plane, triangulated.

    Attributes:
        plane: (n, 2) points with u >= 0; those on the midline have u == 0 exactly.
        triangles: (m, 3) counter-clockwise in the plane.
        region: (n,) SKIN, EYE or MOUTH (inside the lids' or the lips' rim; the rims are SKIN).
        landmarks: index of each of HALF_LANDMARKS.
    """

    plane: FloatArray
    triangles: IntArray
    region: npt.NDArray[np.uint8]
    landmarks: IntArray


def mesh_half(curves: FeatureCurves) -> HalfMesh:
    """Triangulate the person's left side between the midline and the border."""
    fixed = _fixed_points(curves)
    spacing = _Spacing(curves)
    free = _relax(fixed, _seed(fixed, curves, spacing), curves, spacing)
    plane = np.concatenate([fixed, free])
    triangles = _triangulate(plane, curves.border)
    landmarks = unroll(reference_landmarks()[list(HALF_LANDMARKS)])
    indices = cKDTree(plane).query(landmarks)[1].astype(np.int32)
    return HalfMesh(plane, triangles, _regions(plane, curves), indices)


class _Spacing:
    """The wanted distance between vertices at a place of the plane."""

    def __init__(self, curves: FeatureCurves) -> None:
        fine = (
            curves.eye,
            curves.inner_upper_lip,
            curves.inner_lower_lip,
            curves.outer_upper_lip,
            curves.outer_lower_lip,
        )
        self._fine = cKDTree(np.concatenate(fine))
        self._nose = cKDTree(unroll(np.array(_NOSE_DETAIL, dtype=np.float64)))

    def at(self, plane: FloatArray) -> FloatArray:
        lips_and_lids = 1.15 + _GROWTH * np.maximum(0.0, self._fine.query(plane)[0] - 4.0)
        nose = 1.1 + _GROWTH * np.maximum(0.0, self._nose.query(plane)[0] - 3.0)
        wanted: FloatArray = np.minimum(np.minimum(lips_and_lids, nose), _COARSEST)
        return wanted


def _fixed_points(curves: FeatureCurves) -> FloatArray:
    landmarks = unroll(reference_landmarks()[list(HALF_LANDMARKS)])
    midline = _midline(curves, landmarks)
    rings = [curves.eye, *(offset_loop(curves.eye, d) for d in (1.2, 2.5, 4.0))]
    lips = [
        curves.inner_upper_lip,
        curves.inner_lower_lip,
        curves.outer_upper_lip,
        curves.outer_lower_lip,
    ]
    mouth = _mouth_loop(curves)
    within = [_inner_row(curves.eye), _inner_row(mouth)]
    points = [landmarks, *lips, *rings, curves.border, midline, *within]
    return _thin(np.concatenate(points), 0.6)


def _mouth_loop(curves: FeatureCurves) -> FloatArray:
    """The lips' inner rim, both sides, as a closed loop."""
    half = np.concatenate([curves.inner_upper_lip, curves.inner_lower_lip[-2::-1]])
    other = half[-2:0:-1] * np.array([-1.0, 1.0])
    return np.concatenate([half, other])


def _inner_row(loop: FloatArray) -> FloatArray:
    """A row of points close inside a loop on the person's left, for a clean edge."""
    row = offset_loop(loop, -_EDGE_ROW)
    clear = cKDTree(loop).query(row)[0] > 0.9 * _EDGE_ROW
    clear &= _inside(row, loop) & (row[:, 0] > 0.3)
    kept: FloatArray = row[clear]
    return kept


def _thin(points: FloatArray, closest: float) -> FloatArray:
    """Drop each point that lies too close to an earlier one."""
    close = cKDTree(points).query_pairs(closest, output_type="ndarray")
    keep = np.ones(len(points), dtype=bool)
    for first, second in close[np.lexsort((close[:, 1], close[:, 0]))]:
        if keep[first]:
            keep[second] = False
    return points[keep]


def _midline(curves: FeatureCurves, landmarks: FloatArray) -> FloatArray:
    spacing = _Spacing(curves)
    ends = [curves.border[0, 1], curves.border[-1, 1]]
    stops = np.sort(np.concatenate([landmarks[landmarks[:, 0] == 0, 1], ends]))
    heights = []
    for low, high in itertools.pairwise(stops):
        fine = np.linspace(low, high, 200)
        density = 1.0 / spacing.at(np.stack([np.zeros(200), fine], axis=1))
        total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
        total *= fine[1] - fine[0]
        count = max(1, round(float(total[-1])))
        heights.append(np.interp(np.linspace(0, total[-1], count + 1)[1:-1], total, fine))
    v = np.concatenate(heights)
    return np.stack([np.zeros(len(v)), v], axis=1)


def _seed(fixed: FloatArray, curves: FeatureCurves, spacing: _Spacing) -> FloatArray:
    """Choose free points from a grid, thinned to the wanted spacing in a fixed order."""
    u, v = np.meshgrid(np.arange(0.5, 140, _PITCH), np.arange(-112.0, 120.0, _PITCH * 0.866))
    u = u + (np.arange(len(u)) % 2)[:, None] * _PITCH / 2
    grid = np.stack([u.ravel(), v.ravel()], axis=1)
    grid = grid[_inside(grid, curves.border)]
    wanted = spacing.at(grid)
    # A low-discrepancy sequence decides who stays, so that the choice is the same everywhere.
    golden = np.modf(np.arange(1, len(grid) + 1) * 0.6180339887498949)[0]
    grid = grid[golden < (_PITCH / wanted) ** 2]
    clear = cKDTree(fixed).query(grid)[0] > 0.75 * spacing.at(grid)
    seeds: FloatArray = grid[clear]
    return seeds


def _relax(
    fixed: FloatArray, free: FloatArray, curves: FeatureCurves, spacing: _Spacing
) -> FloatArray:
    """Even out the free points: springs along the edges push the short ones longer.

    Persson and Strang, "A simple mesh generator in MATLAB", SIAM Review 46 (2004).
    """
    border = curves.border
    count = len(fixed)
    for round_ in range(_ROUNDS):
        points = np.concatenate([fixed, free])
        triangles = _triangulate(points, curves.border)
        edges = _edges(triangles)
        bar = points[edges[:, 0]] - points[edges[:, 1]]
        length = np.linalg.norm(bar, axis=1)
        wanted = spacing.at((points[edges[:, 0]] + points[edges[:, 1]]) / 2)
        wanted = wanted * 1.15 * np.sqrt(np.sum(length**2) / np.sum(wanted**2))
        push = (np.maximum(wanted - length, 0.0) / length)[:, None] * bar
        force = np.zeros_like(points)
        np.add.at(force, edges[:, 0], push)
        np.subtract.at(force, edges[:, 1], push)
        free = free + 0.2 * force[count:]
        free[:, 0] = np.abs(free[:, 0])
        if round_ % 10 == 5 or round_ == _ROUNDS - 1:
            free = free[_has_room(free, fixed, border, spacing)]
    return free


def _has_room(
    free: FloatArray, fixed: FloatArray, border: FloatArray, spacing: _Spacing
) -> npt.NDArray[np.bool_]:
    wanted = spacing.at(free)
    clear = cKDTree(fixed).query(free)[0] > 0.55 * wanted
    keep: npt.NDArray[np.bool_] = clear & _inside(free, border) & (free[:, 0] > 0.45 * wanted)
    nearest = cKDTree(free).query(free, k=2)
    crowded = (nearest[0][:, 1] < 0.5 * wanted) & (nearest[1][:, 1] < np.arange(len(free)))
    keep &= ~crowded
    return keep


def _triangulate(points: FloatArray, border: FloatArray) -> IntArray:
    triangles: IntArray = Delaunay(points).simplices.astype(np.int32)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    doubled = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    triangles[doubled < 0] = triangles[doubled < 0][:, [0, 2, 1]]
    inside = _inside((a + b + c) / 3, border) & (np.abs(doubled) > 1e-9)
    return triangles[inside]


def _edges(triangles: IntArray) -> IntArray:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _inside(points: FloatArray, loop: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether (n, 2) points lie inside a closed polygon (even-odd rule)."""
    inside = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _regions(plane: FloatArray, curves: FeatureCurves) -> npt.NDArray[np.uint8]:
    region = np.full(len(plane), SKIN, dtype=np.uint8)
    upper, lower = curves.inner_upper_lip, curves.inner_lower_lip
    region[_inside(plane, curves.eye)] = EYE
    region[_inside(plane, _mouth_loop(curves))] = MOUTH
    rim = np.concatenate([curves.eye, upper, lower])
    on_rim = cKDTree(rim).query(plane)[0] < 1e-6
    region[on_rim] = SKIN
    return region
