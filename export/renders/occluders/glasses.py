"""Spectacles and sunglasses that sit on nose and ears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..drawing.body_to_camera import Placement
from ..drawing.render_surfaces import Look, Part
from ..makehuman.surface_geometry import grid_surface

Array = NDArray[np.float64]

_AROUND, _TUBE = 36, 6  # vertices around a rim and around its tube
# One surface for each part: a scene uploads a surface once.
_RIMS = tuple(grid_surface(_AROUND + 1, _TUBE + 1) for _ in range(2))
_LENSES = tuple(grid_surface(5, _AROUND + 1) for _ in range(2))
_BARS = tuple(grid_surface(12, _TUBE + 1) for _ in range(3))


@dataclass(frozen=True, slots=True)
class GlassesStyle:
    """One pair; decimetres.

    Attributes:
        half_width: Of a lens.
        half_height: Of a lens.
        squareness: Exponent of the rim's superellipse, 2 is round.
        thickness: Of the rim's tube, 0 for none.
        colour: Linear RGB of the frame.
        lens: Linear RGB of the glass.
        opacity: Of the glass.
        slip: How far they slid down the nose.
    """

    half_width: float
    half_height: float
    squareness: float
    thickness: float
    colour: tuple[float, float, float]
    lens: tuple[float, float, float]
    opacity: float
    slip: float


def sample_glasses(rng: np.random.Generator) -> GlassesStyle:
    """Draw a pair; three in ten are sunglasses."""
    dark = rng.random() < 0.3
    width = float(rng.uniform(0.24, 0.31) + 0.03 * dark)
    shade = float(rng.uniform(0.0, 0.06))
    frame = rng.choice(4, p=[0.5, 0.2, 0.15, 0.15])
    colours = (
        (0.01, 0.01, 0.012), (0.08, 0.035, 0.015), (0.35, 0.34, 0.33),
        tuple(float(each) for each in rng.uniform(0.0, 0.5, 3)),
    )  # fmt: skip
    red, green, blue = colours[int(frame)]
    return GlassesStyle(
        half_width=width,
        half_height=width * float(rng.uniform(0.62, 0.92)),
        squareness=float(rng.uniform(2.0, 4.5)),
        thickness=float(rng.choice([0.008, 0.014, 0.024])),
        colour=(red, green, blue),
        lens=(shade, shade, shade) if dark else (0.6, 0.65, 0.7),
        opacity=float(rng.uniform(0.7, 0.97) if dark else rng.uniform(0.03, 0.16)),
        slip=float(rng.uniform(-0.02, 0.09)),
    )


def glasses(style: GlassesStyle, marks: Array, place: Placement) -> list[Part]:
    """Rims, bridge, temples and lenses.

    Args:
        style: Which pair.
        marks: (68, 3) landmarks in the body's axes.
        place: From there to the camera's axes.
    """
    eyes = [marks[36:42].mean(axis=0), marks[42:48].mean(axis=0)]
    middle = (eyes[0] + eyes[1]) / 2.0
    # In front of brow and lids; the plane leans forward at the top as faces do.
    front = max(marks[27, 2] + 0.05, marks[17:27, 2].max() - 0.05, marks[36:48, 2].max() + 0.12)
    apart = max(abs(eyes[1][0] - eyes[0][0]) / 2.0, style.half_width + 0.05)
    frame = Look(tint=style.colour, shine=1.0, gloss=40.0)
    glass = Look(tint=style.lens, shine=3.0, gloss=120.0, opacity=style.opacity, casts=False)
    parts: list[Part] = []
    lenses: list[Part] = []
    hinges: list[Array] = []
    for number, side in enumerate((-1.0, 1.0)):
        centre = np.array([middle[0] + side * apart, middle[1] - 0.03 - style.slip, front])
        rim = _rim(style, centre, side)
        parts.append(Part(_RIMS[number], place(_tube(rim, style.thickness, _TUBE)), "", frame))
        lenses.append(Part(_LENSES[number], place(_disc(rim)), "", glass))
        hinges.append(rim[np.argmax(rim[:, 0] * side)])
        ear = marks[16 if side > 0.0 else 0] + [side * 0.06, 0.02, -0.15]
        start = hinges[-1] + [0.0, 0.4 * style.half_height, -0.01]
        parts.append(Part(_BARS[number], place(_bar(start, ear, style)), "", frame))
    inner = [side * (apart - style.half_width + 0.01) for side in (-1.0, 1.0)]
    ends = [np.array([middle[0] + x, middle[1] + 0.02 - style.slip, front + 0.01]) for x in inner]
    parts.append(Part(_BARS[2], place(_bar(ends[0], ends[1], style, arch=0.04)), "", frame))
    return parts + lenses


def _rim(style: GlassesStyle, centre: Array, side: float) -> Array:
    """(around + 1, 3) closed superellipse, bent back at the temple."""
    angle = np.linspace(0.0, 2.0 * np.pi, _AROUND + 1)
    power = 2.0 / style.squareness
    cosine, sine = np.cos(angle), np.sin(angle)
    x = np.sign(cosine) * np.abs(cosine) ** power * style.half_width
    y = np.sign(sine) * np.abs(sine) ** power * style.half_height
    y = y * np.where(y < 0.0, 1.0, 0.85)
    back = -0.35 * np.maximum(x * side, 0.0) ** 2 - 0.06 * y
    return np.stack([centre[0] + x, centre[1] + y, centre[2] + back], axis=1)


def _disc(rim: Array) -> Array:
    """(5 * (around + 1), 3) rings from the middle of a lens to its rim."""
    inside = np.add(rim.mean(axis=0), (0.0, 0.0, 0.03))
    shares = np.linspace(0.0, 1.0, 5)[:, None, None]
    bulge = 0.02 * (1.0 - shares**2)
    rings = inside + (rim - inside) * shares
    rings[..., 2] = rim[:, 2] * shares[..., 0] + inside[2] * (1.0 - shares[..., 0])
    rings[..., 2] += bulge[..., 0]
    return np.asarray(rings.reshape(-1, 3), np.float64)


def _bar(start: Array, end: Array, style: GlassesStyle, arch: float = 0.0) -> Array:
    share = np.linspace(0.0, 1.0, 12)[:, None]
    line = start + (end - start) * share
    line[:, 1] += arch * np.sin(np.pi * share[:, 0])
    return _tube(line, max(style.thickness, 0.012), _TUBE)


def _tube(line: Array, radius: float, sides: int) -> Array:
    """(n * (sides + 1), 3) a tube along a line (n, 3)."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    helper = np.where(np.abs(along[:, 2:3]) < 0.9, [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-12
    second = np.cross(along, first)
    angle = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    ring = first[:, None] * np.cos(angle)[None, :, None]
    ring = ring + second[:, None] * np.sin(angle)[None, :, None]
    return np.asarray((line[:, None] + radius * ring).reshape(-1, 3), np.float64)
