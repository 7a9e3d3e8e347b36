"""What a scene is made of: surfaces and how they look."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..makehuman.surface_geometry import DrawnSurface

FloatArray = NDArray[np.float32]

_NOWHERE = (0.0, 0.0, 0.0, 1.0)  # a plane that cuts nothing


@dataclass(frozen=True, slots=True)
class Look:
    """How a surface looks; colours are linear RGB.

    Attributes:
        tint: Times the picture, or the colour itself of a plain surface.
        recolour: 0 keeps the picture's colours, 1 its brightness only.
        shine: Strength of reflections.
        gloss: Exponent of the highlight.
        bumps: Height of the noise on skin in decimetres; 0 for anything but skin.
        soft: How far light passes below the surface.
        opacity: Below 0.6 the surface is drawn last and hides no landmark.
        beard: Strength of beard, moustache, goatee and cropped hair.
        beard_colour: Of these.
        cloth: Colour and strength of what the shoulders wear.
        lipstick: Colour and strength.
        eyeshadow: The same, on the lids.
        cut: (a, b, c, d) in camera axes: points with ``a x + b y + c z > d`` are left out.
        casts: Whether it throws a shadow.
    """

    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    recolour: float = 0.0
    shine: float = 0.3
    gloss: float = 20.0
    bumps: float = 0.0
    soft: float = 0.0
    opacity: float = 1.0
    beard: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    beard_colour: tuple[float, float, float] = (0.03, 0.02, 0.015)
    cloth: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    lipstick: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    eyeshadow: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    cut: tuple[float, float, float, float] = _NOWHERE
    casts: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One surface of a scene.

    Attributes:
        surface: Its triangles; one scene draws each surface object once.
        vertices: (m, 3) of its mesh in camera axes.
        picture: Name of a texture, "" for plain white.
        look: See there.
        transparent: Whether the picture's alpha matters.
    """

    surface: DrawnSurface
    vertices: FloatArray
    picture: str = ""
    look: Look = field(default_factory=Look)
    transparent: bool = False

    @property
    def kind(self) -> str:
        """Which program draws it: skin, holes or solid."""
        if self.look.bumps > 0.0:
            return "skin"
        return "holes" if self.transparent or self.look.cut != _NOWHERE else "solid"
