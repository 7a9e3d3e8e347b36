"""A labelled crop as a photograph by itself, as a detector gets to see tight portraits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .paste_picture import Image, Placement

Array = NDArray[np.float64]

_MOST_TRIMMED = 0.8  # of the way from the photograph's edge to the face's box
_SMALLEST = 0.4  # of the scene's side


def trimmed(
    content: tuple[int, int, int, int], box: Array, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """A part of a photograph around its face: half of the time each edge comes nearer.

    Args:
        content: x0, y0, x1, y1 of the photograph in its crop.
        box: (4,) of the face.
        rng: Source of randomness.
    """
    share = np.where(rng.random(4) < 0.5, rng.uniform(0.0, _MOST_TRIMMED, 4), 0.0)
    edges = np.array(content, np.float64)
    gap = box - edges
    gap[:2], gap[2:] = np.maximum(gap[:2], 0.0), np.minimum(gap[2:], 0.0)
    x0, y0, x1, y1 = np.rint(edges + share * gap).astype(int)
    return int(x0), int(y0), int(x1), int(y1)


def framing(
    size_wh: tuple[int, int], side: int, roll_rad: float, rng: np.random.Generator
) -> Placement:
    """Where a photograph goes in a square scene.

    Half of the time its longer side fills the scene from the top left corner, as the detector's
    first square shows an image; else it is smaller and anywhere.

    Args:
        size_wh: Of the photograph.
        side: Of the scene.
        roll_rad: Turn, clockwise.
        rng: Source of randomness.
    """
    size = np.array(size_wh, np.float64)
    fills = rng.random() < 0.5
    share = 1.0 if fills else float(np.exp(rng.uniform(np.log(_SMALLEST), 0.0)))
    scale = side * share / size.max()
    room = side - size * scale
    target = size * scale / 2 + (0.0 if fills else rng.random(2)) * room
    return Placement.about(size / 2, target, scale, roll_rad)


def surround(scene: Image, piece: Image, placement: Placement, rng: np.random.Generator) -> None:
    """Paint what lies around a photograph, in place: black, its edges drawn out, or the scene.

    Args:
        scene: (s, s, 3) uint8.
        piece: The photograph.
        placement: Of the photograph.
        rng: Source of randomness.
    """
    kind = rng.random()
    if kind < 0.4:
        scene[:] = 0
    elif kind < 0.8:
        corners = placement.moved(np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]))
        linear = (corners[1:] - corners[0]).T
        matrix = np.column_stack([linear, corners[0] + linear @ (0.5, 0.5) - 0.5])
        size = (scene.shape[1], scene.shape[0])
        drawn = cv2.warpAffine(piece, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        blur = float(rng.uniform(0.0, 0.06)) * size[0]
        scene[:] = cv2.GaussianBlur(drawn, (0, 0), blur) if blur > 1.0 else drawn
