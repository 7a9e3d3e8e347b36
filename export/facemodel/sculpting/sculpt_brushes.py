"""Brush strokes of the sculpture: ridges and grooves along curves in the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from .sculpt_plane import unroll
from .sculpt_reference import FloatArray


@dataclass(frozen=True, slots=True)
class Stroke:
    """A stroke along a curve through (x, y, z) points of the person's left side.

    Attributes:
        points: the curve's knots in the reference frame (only their place in the plane matters).
        height: relief along the radius in mm, negative for a groove.
        width: standard deviation across the stroke in mm.
        lift: vertical displacement in mm, for what folds over (positive up).
    """

    points: tuple[tuple[float, float, float], ...]
    height: float
    width: float
    lift: float = 0.0


# fmt: off
STROKES: tuple[Stroke, ...] = (
    # Upper lid: crease, the fold of skin that hangs over it, the lid itself.
    Stroke(((20.5, 37.2, 8), (25.5, 41.2, 8), (33.5, 42.4, 7), (41, 41.0, 4), (47.5, 36.8, -3)),
        -1.5, 0.95),
    Stroke(((21.5, 41.0, 9), (27, 44.4, 9), (35, 45.2, 8), (43, 43.4, 3), (50, 38.0, -4)),
        1.3, 1.7),
    # Lower lid: its rounding, and the groove below.
    Stroke(((23.5, 29.2, 6), (28, 28.0, 7), (34, 27.6, 6), (40, 28.2, 4), (45, 30.6, -1)),
        0.7, 1.2),
    Stroke(((20.5, 27.2, 8), (27, 24.0, 9), (35, 23.2, 8), (43, 25.0, 3)), -0.8, 1.8),
    # Nose: wing, the crease behind and above it, nostril, and the rim beside it.
    Stroke(((12.6, -4.5, 29), (15.5, -4.0, 24.5), (17.5, -5.5, 20)), 1.5, 2.6),
    Stroke(((9.6, -0.2, 33), (13.0, 3.4, 27), (17.0, 2.6, 20), (20.2, -2.0, 15.5),
        (20.4, -8.5, 15)), -1.7, 1.35),
    Stroke(((4.8, -9.0, 33), (7.6, -9.2, 30.0), (10.4, -9.6, 26.5)), -3.2, 1.35, 3.4),
    # Philtrum and its two ridges.
    Stroke(((0, -15.0, 26), (0, -20.0, 25), (0, -25.0, 26)), -0.7, 2.0),
    Stroke(((3.2, -15.0, 25), (4.2, -20.0, 25), (5.4, -25.0, 26)), 0.6, 1.3),
    # The rolls along the edge of the lips' red.
    Stroke(((4.0, -25.2, 26), (8.0, -25.6, 25), (15, -28.0, 21), (22, -31.6, 14)), 0.45, 0.8),
    Stroke(((0, -49.2, 20), (8, -48.6, 20), (15, -45.8, 16), (22, -41.8, 11)), -0.3, 1.5),
    # Fold between cheek and lip, and the cheek beside it.
    Stroke(((21.6, -7.0, 14), (25.5, -14.0, 14), (29.5, -22.0, 11), (33.5, -30.0, 6)), -0.9, 2.3),
    Stroke(((27, -6.0, 14), (32, -15.0, 13), (37, -25.0, 8)), 0.9, 4.0),
)
# fmt: on


def brush_relief(plane: FloatArray) -> FloatArray:
    """Return the strokes' (n, 3) relief (radial, tangential, vertical) at (n, 2) plane points."""
    relief = np.zeros((len(plane), 3))
    side = np.stack([np.abs(plane[:, 0]), plane[:, 1]], axis=1)
    for stroke in STROKES:
        weight = _stroke_weight(side, stroke)
        relief[:, 0] += stroke.height * weight
        relief[:, 2] += stroke.lift * weight
    return relief


def _stroke_weight(side: FloatArray, stroke: Stroke) -> FloatArray:
    knots = unroll(np.array(stroke.points))
    if len(knots) == 1:
        samples, taper = knots, np.ones(1)
    else:
        stops = np.linspace(0.0, 1.0, len(knots))
        s = np.linspace(0.0, 1.0, 60)
        samples = CubicSpline(stops, knots, bc_type="natural")(s)
        taper = np.sin(np.pi * np.clip(s, 0.02, 0.98)) ** 0.6
    squared = np.sum((side[:, None, :] - samples[None]) ** 2, axis=2)  # (n, samples)
    soft = np.exp(-squared / (2 * stroke.width**2))
    weight: FloatArray = np.max(soft * taper, axis=1)
    return weight
