"""The sculpted surface: a smooth fit through all control points, with brushed details."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator

from .sculpt_brushes import brush_relief
from .sculpt_controls import surface_controls, under_jaw_controls
from .sculpt_plane import AXIS_Z, RADIUS, roll_up, unroll
from .sculpt_reference import HALF_LANDMARKS, FloatArray, reference_landmarks

_KERNEL = "cubic"
# How far a control point may give way for smoothness (mm^3): about the features, and away from
# them, where the landmarks are few and the skin is plain.
_FEATURE_SMOOTHING, _PLAIN_SMOOTHING = 120.0, 900.0
_FEATURE_REACH = 58.0  # mm from the midline in the plane


@dataclass(frozen=True, slots=True)
class Surface:
    """A map from the plane to space, symmetric in x."""

    fit: RBFInterpolator

    def at(self, plane: FloatArray) -> FloatArray:
        """Return the (n, 3) model points at (n, 2) plane points."""
        field: FloatArray = self.fit(plane) + brush_relief(plane)
        return _from_cylinder(plane, field)


def sculpt_surface() -> Surface:
    """Fit the surface: exact at the landmarks, near the control points, smooth between them."""
    plane, space, smoothing = _half_controls()
    mirrored = plane[:, 0] > 0
    flip = np.array([-1.0, 1.0])
    plane = np.concatenate([plane, plane[mirrored] * flip])
    space = np.concatenate([space, space[mirrored] * np.array([-1.0, 1.0, 1.0])])
    smoothing = np.concatenate([smoothing, smoothing[mirrored]])
    # Strokes add to what the controls say, but not to where the landmarks lie.
    exact = (smoothing == 0.0)[:, None]
    target = _to_cylinder(plane, space) - np.where(exact, brush_relief(plane), 0.0)
    return Surface(RBFInterpolator(plane, target, kernel=_KERNEL, smoothing=smoothing, degree=1))


def _half_controls() -> tuple[FloatArray, FloatArray, FloatArray]:
    landmarks = reference_landmarks()
    half = landmarks[list(HALF_LANDMARKS)]
    free = surface_controls()
    jaw = under_jaw_controls()
    outward = _jaw_normals(unroll(landmarks[8:17]))
    jaw_plane = np.array([unroll(landmarks[j]) + out * outward[j - 8] for j, out, _ in jaw])
    jaw_space = np.array([point for _, _, point in jaw])
    jaw_plane[jaw_space[:, 0] == 0, 0] = 0.0
    plane = np.concatenate([unroll(half), unroll(free), jaw_plane])
    space = np.concatenate([half, free, jaw_space])
    away = np.clip((plane[:, 0] - _FEATURE_REACH + 15.0) / 30.0, 0.0, 1.0)
    smoothing = _FEATURE_SMOOTHING + (_PLAIN_SMOOTHING - _FEATURE_SMOOTHING) * away
    smoothing[: len(half)] = 0.0
    return plane, space, smoothing


def _jaw_normals(jaw: FloatArray) -> FloatArray:
    """Outward unit normals of the jaw line in the plane, chin first."""
    tangent = np.gradient(jaw, axis=0)
    tangent[0] = (1.0, 0.0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    unit: FloatArray = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return unit


def _to_cylinder(plane: FloatArray, space: FloatArray) -> FloatArray:
    """Express points as (radial, tangential, vertical) offsets at their plane points."""
    angle = plane[:, 0] / RADIUS
    x, depth = space[:, 0], space[:, 2] - AXIS_Z
    radial = x * np.sin(angle) + depth * np.cos(angle)
    tangential = x * np.cos(angle) - depth * np.sin(angle)
    return np.stack([radial, tangential, space[:, 1] - plane[:, 1]], axis=1)


def _from_cylinder(plane: FloatArray, field: FloatArray) -> FloatArray:
    out = roll_up(plane)
    across = np.stack([out[:, 2], np.zeros(len(plane)), -out[:, 0]], axis=1)
    points: FloatArray = field[:, :1] * out + field[:, 1:2] * across
    points[:, 1] += plane[:, 1] + field[:, 2]
    points[:, 2] += AXIS_Z
    return points
