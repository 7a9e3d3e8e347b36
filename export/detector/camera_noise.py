"""What a camera does to a whole scene: light, colour, blur, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Share of the scenes that each effect changes."""

    light: float = 0.7
    dark: float = 0.15
    blur: float = 0.2
    low_resolution: float = 0.12
    noise: float = 0.2
    grey: float = 0.1
    compression: float = 0.2


def photographed(image: Image, rng: np.random.Generator, settings: CameraSettings) -> Image:
    """A scene as a poor camera might give it.

    Args:
        image: (h, w, 3) uint8.
        rng: Source of all randomness.
        settings: How often each effect happens.

    Returns:
        (h, w, 3) uint8.
    """
    image = _lit(image, rng, settings)
    if rng.random() < settings.blur:
        image = _blurred(image, rng)
    if rng.random() < settings.low_resolution:
        height, width = image.shape[:2]
        ratio = rng.uniform(0.35, 0.8)
        small = (max(8, int(width * ratio)), max(8, int(height * ratio)))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(shrunk, (width, height)), np.uint8)
    if rng.random() < settings.noise:
        noise = rng.standard_normal(image.shape[:2], np.float32) * rng.uniform(2, 14)
        image = np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
    if rng.random() < settings.grey:
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        image = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < settings.compression:
        quality = int(rng.integers(25, 85))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image


def _lit(image: Image, rng: np.random.Generator, settings: CameraSettings) -> Image:
    """Exposure, contrast, gamma and tint by one table."""
    table = np.arange(256, dtype=np.float64) / 255
    if rng.random() < settings.dark:
        table = table ** rng.uniform(1.2, 2.2) * rng.uniform(0.3, 0.8)
    elif rng.random() < settings.light:
        table = table ** np.exp(rng.uniform(-0.4, 0.4))
        table = (table - 0.5) * rng.uniform(0.65, 1.35) + 0.5 + rng.uniform(-0.12, 0.12)
    tint = rng.uniform(0.85, 1.15, 3)
    tables = np.clip(table[:, None] * tint * 255, 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(image, tables), np.uint8)


def _blurred(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus, or moved."""
    if rng.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle, middle = rng.uniform(0, np.pi), (length - 1) / 2
    for step in np.linspace(-middle, middle, 2 * length):
        x, y = middle + step * np.cos(angle), middle + step * np.sin(angle)
        kernel[round(y), round(x)] = 1.0
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)
