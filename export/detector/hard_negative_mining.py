"""Find the places in photographs without faces that a network takes for faces."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import nn

from .backgrounds import Backgrounds, Image, Place
from .cell_assignment import cells_of

_SIDE = 320
_SCORE = 0.3
_MOST_OF_VIEW = 3
_NEAR_PX = 40.0
SCALES = (1.0, 0.55, 0.3)


@torch.no_grad()
def mine(network: nn.Module, backgrounds: Backgrounds, rng: np.random.Generator) -> list[Place]:
    """Search one random view of each picture at each of three scales.

    Args:
        network: In evaluation mode.
        backgrounds: Pictures without faces.
        rng: Chooses the views.

    Returns:
        At most three places a view, those with the highest scores.
    """
    found: list[Place] = []
    centres = cells_of(_SIDE).centres
    for index in range(len(backgrounds)):
        for scale in SCALES:
            view, corner = _view(backgrounds[index], scale, rng)
            batch = torch.from_numpy(view).permute(2, 0, 1)[None].float()
            logits = network((batch - 127.5) / 128.0)[0, 0]
            for x, y in _peaks(logits.sigmoid(), centres):
                there = (corner + np.array([x, y])) / scale
                found.append(Place(index, float(there[0]), float(there[1]), scale))
    return found


def _view(
    picture: Image, scale: float, rng: np.random.Generator
) -> tuple[Image, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """A square of 320 px of the scaled picture, black where it ends, and its corner."""
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    spare = np.maximum(0, np.array(size) - _SIDE)
    x, y = rng.integers(0, spare + 1)
    view = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    part = small[y : y + _SIDE, x : x + _SIDE]
    view[: part.shape[0], : part.shape[1]] = part
    return view, np.array([x, y], np.float64)


def _peaks(scores: torch.Tensor, centres: torch.Tensor) -> list[tuple[float, float]]:
    """Centres of the best cells that lie apart from each other."""
    values, cells = scores.topk(30)
    kept: list[tuple[float, float]] = []
    for value, cell in zip(values.tolist(), cells.tolist(), strict=True):
        x, y = centres[cell].tolist()
        apart = all(max(abs(x - a), abs(y - b)) > _NEAR_PX for a, b in kept)
        if value >= _SCORE and apart and len(kept) < _MOST_OF_VIEW:
            kept.append((x, y))
    return kept
