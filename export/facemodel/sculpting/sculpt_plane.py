"""The parameter plane: the face unrolled from a vertical cylinder, with its feature curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from .sculpt_reference import FloatArray, reference_landmarks

AXIS_Z = -75.0  # the cylinder's axis passes between the ears (mm)
RADIUS = 80.0  # arc length per radian (mm)

# Outline of the surface on the person's left, from the hairline to under the chin (plane, mm).
_BORDER = (
    (0.0, 117.5),
    (22.0, 117.0),
    (46.0, 113.2),
    (74.0, 103.0),
    (100.0, 86.5),
    (122.0, 64.0),
    (134.0, 39.0),
    (138.0, 10.0),
    (137.0, -20.0),
    (132.0, -45.0),
    (119.0, -68.0),
    (95.0, -86.0),
    (62.0, -98.0),
    (30.0, -107.5),
    (0.0, -109.0),
)


def unroll(points: FloatArray) -> FloatArray:
    """Map (..., 3) model points to the plane, (..., 2): arc length about the axis, and height."""
    angle = np.arctan2(points[..., 0], points[..., 2] - AXIS_Z)
    return np.stack([RADIUS * angle, points[..., 1]], axis=-1)


def roll_up(plane: FloatArray) -> FloatArray:
    """Return the (n, 3) unit directions from the axis at (n, 2) plane points."""
    angle = plane[:, 0] / RADIUS
    return np.stack([np.sin(angle), np.zeros(len(plane)), np.cos(angle)], axis=1)


def arc(knots: FloatArray, spacing: float, *, flat_start: bool = False) -> FloatArray:
    """Sample a cubic through the knots so that every knot is a sample.

    Args:
        knots: (k, 2) plane points.
        spacing: aimed-at distance between samples in mm.
        flat_start: whether the first knot lies on the midline, which the curve crosses level.
    """
    chords = np.linalg.norm(np.diff(knots, axis=0), axis=1)
    stops = np.concatenate([[0.0], np.cumsum(chords)])
    start = (1, np.array([1.0, 0.0])) if flat_start else (2, np.zeros(2))
    curve = CubicSpline(stops, knots, bc_type=(start, (2, np.zeros(2))))
    counts = np.maximum(1, np.round(chords / spacing).astype(int))
    pieces = [
        np.linspace(a, b, n, endpoint=False)
        for a, b, n in zip(stops[:-1], stops[1:], counts, strict=True)
    ]
    samples: FloatArray = curve(np.concatenate([*pieces, stops[-1:]]))
    return samples


@dataclass(frozen=True, slots=True)
class FeatureCurves:
    """Curves of one side in the plane, each (n, 2); the eye's loop is closed without repetition."""

    eye: FloatArray
    inner_upper_lip: FloatArray
    inner_lower_lip: FloatArray
    outer_upper_lip: FloatArray
    outer_lower_lip: FloatArray
    border: FloatArray


def feature_curves(spacing: float = 1.2, border_spacing: float = 3.8) -> FeatureCurves:
    """Lay the feature curves through the reference landmarks."""
    plane = unroll(reference_landmarks())
    upper_lid = arc(plane[[42, 43, 44, 45]], spacing)
    lower_lid = arc(plane[[45, 46, 47, 42]], spacing)
    border = arc(np.array(_BORDER), border_spacing, flat_start=True)
    border[-1, 0] = 0.0
    return FeatureCurves(
        eye=np.concatenate([upper_lid[:-1], lower_lid[:-1]]),
        inner_upper_lip=arc(plane[[62, 63, 64]], spacing, flat_start=True),
        inner_lower_lip=arc(plane[[66, 65, 64]], spacing, flat_start=True),
        outer_upper_lip=arc(plane[[51, 52, 53, 54]], spacing),
        outer_lower_lip=arc(plane[[57, 56, 55, 54]], spacing, flat_start=True),
        border=border,
    )


def offset_loop(loop: FloatArray, distance: float) -> FloatArray:
    """Push a closed convex loop outward by a distance in mm, sample by sample."""
    tangent = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    outward = np.sign(np.sum(normal * (loop - loop.mean(axis=0))))
    pushed: FloatArray = loop + distance * outward * normal
    return pushed
