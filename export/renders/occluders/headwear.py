"""Caps, knitted hats and head scarves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..drawing.body_to_camera import Placement
from ..drawing.render_surfaces import Look, Part
from ..makehuman.surface_geometry import grid_surface
from .face_shell import HeadShell, head_shell

Array = NDArray[np.float64]

_ROWS, _COLUMNS = 16, 41
_DOME = grid_surface(_ROWS, _COLUMNS)
_BRIM = grid_surface(5, 17)
_AXIS = (0.0, 0.35)


@dataclass(frozen=True, slots=True)
class Hat:
    """What is on the head; decimetres.

    Attributes:
        edge: Height of its front edge over the brows.
        slope: How much lower it sits behind.
        loose: How far it stands off.
        brim: Length of a cap's brim, 0 for none.
        colour: Linear RGB.
    """

    edge: float
    slope: float
    loose: float
    brim: float
    colour: tuple[float, float, float]


def sample_hat(rng: np.random.Generator) -> Hat:
    """Draw a cap or a knitted hat."""
    grey = rng.uniform(0.01, 0.5)
    tone = np.clip(grey * np.exp(rng.normal(0.0, 0.5, 3)), 0.005, 0.8)
    brim = float(rng.uniform(0.5, 0.75)) if rng.random() < 0.5 else 0.0
    return Hat(
        edge=float(rng.uniform(0.05, 0.45)),
        slope=float(rng.uniform(0.25, 0.6)),
        loose=float(rng.uniform(0.08, 0.14)),
        brim=brim,
        colour=(float(tone[0]), float(tone[1]), float(tone[2])),
    )


def hat(style: Hat, skin: NDArray[np.floating], marks: Array, place: Placement) -> list[Part]:
    """The hat on a head.

    Args:
        style: Which hat.
        skin: (n, 3) vertices of the head in the body's axes.
        marks: (68, 3) landmarks in the same axes.
        place: To the camera's axes.
    """
    brow = float(marks[19:25, 1].max())
    crown = float(skin[:, 1].max())
    edge = min(brow + style.edge, crown - 0.6)
    low = edge - style.slope - 0.1
    shell = head_shell(skin, _AXIS, (-np.pi, np.pi), (low, crown), smooth=3.0)
    angle = np.linspace(-np.pi, np.pi, _COLUMNS)
    rim = edge - style.slope * (1.0 - np.cos(angle)) / 2.0
    rise = np.linspace(0.0, 1.0, _ROWS)[:, None]
    top = crown + style.loose
    heights = rim[None] + (top - rim[None]) * np.sin(rise * np.pi / 2.0)
    shrink = np.cos(rise * np.pi / 2.0) ** 0.55
    outside = shell.points(np.tile(angle, _ROWS), np.minimum(heights, crown - 0.35).ravel(), 0.0)
    centre = np.array([_AXIS[0], 0.0, _AXIS[1]])
    flat = (outside - centre) * [1.0, 0.0, 1.0]
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    wider = flat * (1.0 + style.loose / np.maximum(length, 1e-6))
    points = centre + wider * np.broadcast_to(shrink, heights.shape).reshape(-1, 1)
    points[:, 1] = heights.ravel()
    look = Look(tint=style.colour, shine=0.1, soft=0.2)
    parts = [Part(_DOME, place(points[_top_first()]), "", look)]
    if style.brim:
        parts.append(Part(_BRIM, place(_brim(style, shell, edge)), "", look))
    return parts


def _top_first() -> NDArray[np.int64]:
    """Rows from the crown down, so that the triangles face outward."""
    return np.arange(_ROWS * _COLUMNS).reshape(_ROWS, _COLUMNS)[::-1].ravel()


def _brim(style: Hat, shell: HeadShell, edge: float) -> Array:
    """(5 * 17, 3) a tongue to the front, bent down at the sides."""
    angle = np.linspace(-0.85, 0.85, 17)
    start = shell.points(angle, np.full(17, edge + 0.02), style.loose)
    out = np.linspace(0.0, 1.0, 5)[:, None, None]
    reach = style.brim * np.cos(angle / 0.85 * np.pi / 2.0) ** 0.6
    step = np.stack([0.25 * start[:, 0], -0.35 * reach, reach], axis=1)
    return np.asarray((start[None] + step[None] * out).reshape(-1, 3), np.float64)
