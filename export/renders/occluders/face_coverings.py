"""Masks over nose and mouth, and scarves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..drawing.body_to_camera import Placement
from ..drawing.render_surfaces import Look, Part
from ..makehuman.surface_geometry import grid_surface
from .face_shell import head_shell

Array = NDArray[np.float64]

_ROWS, _COLUMNS = 14, 25
_SHEET = grid_surface(_ROWS, _COLUMNS)
_AXIS = (0.0, 0.45)  # x and z of the head's vertical axis, decimetres
_WIDE = np.radians(105.0)
_COLOURS = (
    (0.30, 0.52, 0.62), (0.75, 0.75, 0.74), (0.02, 0.02, 0.022), (0.18, 0.3, 0.22),
    (0.5, 0.2, 0.25),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Covering:
    """A mask; heights as shares of landmarks.

    Attributes:
        top: 0: below the nose, 1: on the bridge.
        colour: Linear RGB.
        loose: How far it stands off, decimetres.
        half_angle_rad: How far around the head it reaches.
    """

    top: float
    colour: tuple[float, float, float]
    loose: float
    half_angle_rad: float


def sample_covering(rng: np.random.Generator) -> Covering:
    """Draw a mask; one in six is worn below the nose, one in five is a scarf."""
    top = float(rng.uniform(0.0, 0.1) if rng.random() < 0.17 else rng.uniform(0.6, 1.0))
    shade = float(np.exp(rng.normal(0.0, 0.2)))
    red, green, blue = _COLOURS[int(rng.integers(len(_COLOURS)))]
    angle = rng.uniform(58.0, 72.0) if rng.random() < 0.8 else rng.uniform(85.0, 100.0)
    return Covering(
        top,
        (red * shade, green * shade, blue * shade),
        float(rng.uniform(0.03, 0.07)),
        float(np.radians(angle)),
    )


def face_covering(
    style: Covering, skin: NDArray[np.floating], marks: Array, place: Placement
) -> Part:
    """The mask on a face.

    Args:
        style: Which mask.
        skin: (n, 3) vertices of the head in the body's axes.
        marks: (68, 3) landmarks in the same axes.
        place: To the camera's axes.
    """
    chin = float(marks[8, 1])
    high = float(marks[33, 1] + 0.02 + style.top * (marks[28, 1] - marks[33, 1]))
    low = chin - 0.12
    shell = head_shell(skin, _AXIS, (-_WIDE, _WIDE), (low - 0.1, high + 0.1))
    angle = np.linspace(-style.half_angle_rad, style.half_angle_rad, _COLUMNS)
    share = np.linspace(0.0, 1.0, _ROWS)[:, None]
    side = (np.abs(angle) / style.half_angle_rad) ** 1.6
    ear = float(marks[[2, 14], 1].mean())
    top = high + (ear + 0.1 - high) * side[None] * 0.85
    bottom = low + (ear - 0.35 - low) * side[None] * 0.8
    heights = top + (bottom - top) * share
    angles = np.broadcast_to(angle, heights.shape)
    points = shell.points(angles.ravel(), heights.ravel(), style.loose)
    folds = 0.008 * np.sin(share * np.pi * 7.0) * (1.0 - side[None])
    points[:, 2] += folds.ravel()
    under = np.maximum(share - 0.85, 0.0) / 0.15  # its edge turns in below the chin
    points[:, 2] -= (0.25 * under * (1.0 - 0.5 * side[None])).ravel()
    return Part(_SHEET, place(points), "", Look(tint=style.colour, shine=0.1, soft=0.3))
