"""Noise that skin and hair are broken up with: pores, wrinkles, blotches, stubble."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SIZE = 512


def noise_picture(seed: int = 0) -> NDArray[np.uint8]:
    """(512, 512, 4) uint8 that tiles: pores, wrinkles, blotches and stubble in 0..255."""
    rng = np.random.default_rng(seed)
    pores = _smooth(rng, 1.2) + 0.6 * _smooth(rng, 3.0)
    wrinkles = _ridges(_streaks(rng, (2.0, 14.0))) + 0.7 * _ridges(_streaks(rng, (1.5, 9.0)))
    blotches = _smooth(rng, 12.0) + 0.8 * _smooth(rng, 30.0)
    stubble = _streaks(rng, (3.0, 0.7)) + 0.5 * _smooth(rng, 0.8)
    return np.stack([_levels(each) for each in (pores, wrinkles, blotches, stubble)], axis=-1)


def _smooth(rng: np.random.Generator, sigma: float) -> Array:
    return _streaks(rng, (sigma, sigma))


def _streaks(rng: np.random.Generator, sigma_yx: tuple[float, float]) -> Array:
    """White noise blurred around the edges, unit variance."""
    noise = rng.standard_normal((_SIZE, _SIZE))
    pad = int(4 * max(sigma_yx)) + 1
    wide = np.pad(noise, pad, mode="wrap")
    blurred = cv2.GaussianBlur(wide, (0, 0), sigmaX=sigma_yx[1], sigmaY=sigma_yx[0])
    inner = blurred[pad:-pad, pad:-pad]
    return np.asarray((inner - inner.mean()) / inner.std(), np.float64)


def _ridges(noise: Array) -> Array:
    """Thin valleys where the noise crosses zero."""
    return -np.exp(-((noise / 0.25) ** 2))


def _levels(values: Array) -> NDArray[np.uint8]:
    low, high = np.percentile(values, [1.0, 99.0])
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0, np.uint8)
