"""Cloth that masks, scarves and hats are painted with."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

# BGR of common masks: surgical blue, pale blue, green, white, grey, black, pink.
_COLOURS = np.array([
    (215, 190, 140), (235, 220, 185), (190, 205, 150), (238, 238, 235), (150, 150, 150),
    (28, 26, 26), (200, 180, 230),
])  # fmt: skip
_COMMON = np.array([0.24, 0.14, 0.06, 0.17, 0.07, 0.26, 0.06])
_PLAIN = 0.62  # share without a pattern


def cloth(
    size_hw: tuple[int, int], rng: np.random.Generator, colour: Array | None, *, size: float
) -> Image:
    """A flat piece of cloth.

    Args:
        size_hw: Pixels.
        rng: Source of randomness.
        colour: (3,) BGR; None: a common colour, any colour, or a pattern of two.
        size: Of a face from chin to brows, pixels, which the pattern follows.

    Returns:
        (h, w, 3) uint8.
    """
    first = _colour(rng) if colour is None else colour
    plain = colour is not None or rng.random() < _PLAIN
    weave = rng.normal(0.0, rng.uniform(0.5, 5.0), size_hw).astype(np.float32)[..., None]
    flat = np.broadcast_to(first, (*size_hw, 3)).astype(np.float32)
    if not plain:
        share = _pattern(size_hw, rng, size)[..., None]
        flat = (flat + share * (_colour(rng) - first)).astype(np.float32)
    return np.ascontiguousarray(np.clip(flat + weave, 0, 255).astype(np.uint8))


def shaded(texture: Image, middle: Array, rim: Array, rng: np.random.Generator) -> Image:
    """Cloth that bends away from the light toward its edges.

    Args:
        texture: (h, w, 3) uint8.
        middle: (2,) where it comes nearest.
        rim: (k, 2) points of its edge.
        rng: Source of randomness.
    """
    height, width = texture.shape[:2]
    reach = max(4.0, float(np.linalg.norm(rim - middle, axis=1).mean()))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = (x - middle[0]) / reach, (y - middle[1]) / reach
    light = rng.uniform(-0.25, 0.25, 2)
    falloff = rng.uniform(0.05, 0.35) * (x * x + y * y)
    gain = rng.uniform(0.75, 1.1) * np.clip(1.0 - falloff + light[0] * x + light[1] * y, 0.25, 1.2)
    return np.ascontiguousarray(np.clip(texture * gain[..., None], 0, 255).astype(np.uint8))


def _colour(rng: np.random.Generator) -> Array:
    if rng.random() < 0.7:
        chosen = _COLOURS[int(rng.choice(len(_COLOURS), p=_COMMON))]
        return np.asarray(np.clip(chosen + rng.normal(0, 10, 3), 0, 255), np.float64)
    return rng.uniform(0, 255, 3)


def _pattern(size_hw: tuple[int, int], rng: np.random.Generator, size: float) -> Array:
    """(h, w) share of the second colour: stripes, checks, dots or blotches."""
    kind = int(rng.integers(4))
    period = max(2.0, size * rng.uniform(0.06, 0.3))
    if kind == 3:
        cells = (max(2, int(size_hw[0] / period)), max(2, int(size_hw[1] / period)))
        coarse = rng.random(cells).astype(np.float32)
        grown = cv2.resize(coarse, size_hw[::-1], interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip((grown - 0.5) * 4 + 0.5, 0, 1), np.float32)
    turn = rng.uniform(0, np.pi)
    y, x = np.mgrid[: size_hw[0], : size_hw[1]].astype(np.float32) * (2 * np.pi / period)
    along = np.sin(x * np.cos(turn) + y * np.sin(turn))
    across = np.sin(y * np.cos(turn) - x * np.sin(turn))
    wave = along if kind == 0 else along * across if kind == 1 else along + across - 0.9
    return np.asarray(np.clip(wave * 2 + 0.5, 0, 1), np.float32)
