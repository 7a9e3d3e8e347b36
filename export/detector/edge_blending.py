"""How a piece goes into a scene: the shape of its edge and its colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .paste_picture import Image, Mask, ellipse_mask, rectangle_mask

Array = NDArray[np.float64]


def face_mask(size_wh: tuple[int, int], box: Array, scale: float, rng: np.random.Generator) -> Mask:
    """(h, w) mask in one of three ways: nearly hard edges, soft edges, or the head's own shape.

    Args:
        size_wh: Of the piece.
        box: (4,) of the face in it.
        scale: Scene pixels per piece pixel.
        rng: Source of randomness.
    """
    kind = rng.random()
    if kind < 0.3:
        return rectangle_mask(size_wh, rng.uniform(0.0, 2.0) / max(scale, 1e-3))
    edge = rectangle_mask(size_wh, rng.uniform(0.02, 0.2) * min(size_wh))
    if kind < 0.6:
        return edge
    centre, axes = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    shape = ellipse_mask(
        size_wh,
        centre + axes * rng.uniform(-0.15, 0.15, 2),
        axes * rng.uniform(1.05, 1.9) * rng.uniform(0.9, 1.1, 2),
        rng.uniform(-0.2, 0.2),
        rng.uniform(0.05, 0.35),
    )
    edge = rectangle_mask(size_wh, 3.0)
    return np.asarray(shape * edge, np.float32)


def recoloured(piece: Image, scene: Image, target: Array, rng: np.random.Generator) -> Image:
    """A piece with light of its own, sometimes drawn toward what surrounds its place.

    Args:
        piece: (h, w, 3).
        scene: What it goes into.
        target: (2,) its middle there.
        rng: Source of randomness.
    """
    kind = rng.random()
    if kind < 0.35:
        return piece
    gain, shift = rng.uniform(0.75, 1.25), rng.uniform(-20, 20, 3)
    middle = np.array(cv2.mean(piece)[:3])
    if kind < 0.65:
        x, y = np.clip(target.astype(int), 0, np.array(scene.shape[1::-1]) - 1)
        nearby = scene[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8]
        toward = np.array(cv2.mean(nearby)[:3]) - middle
        shift = shift * 0.3 + toward * rng.uniform(0, 0.5)
    levels = (np.arange(256)[:, None] - middle) * gain + middle + shift  # (256, 3)
    tables = np.clip(levels, 0, 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(piece, tables), np.uint8)
