"""Agreement between a crop and its flipped, turned, scaled and shifted copy."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from ..datasets.face_labels import MIRROR_68, NETWORK_SIZE

_ROLL_DEG, _SCALE, _SHIFT = 15.0, 0.08, 0.06  # ranges +-; the shift is a share of half the crop


def random_views(count: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Motions of a batch.

    Args:
        count: n.
        rng: Source of randomness.

    Returns:
        (n, 2, 3) float32, from places in the copy to places in the crop (both -1..1 from edge to
        edge, y down), and (n,) bool, which of them are mirrored.
    """
    angle = np.radians(rng.uniform(-_ROLL_DEG, _ROLL_DEG, count))
    scale = np.exp(rng.uniform(-_SCALE, _SCALE, count))
    flip = rng.random(count) < 0.5
    sign = np.where(flip, -1.0, 1.0)
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    shift = rng.uniform(-_SHIFT, _SHIFT, (count, 2))
    rows = np.stack([sign * cosine, -sine, shift[:, 0], sign * sine, cosine, shift[:, 1]], axis=1)
    return torch.tensor(rows.reshape(-1, 2, 3), dtype=torch.float32), torch.tensor(flip)


def moved_pictures(pixels: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
    """(n, 3, s, s) pictures -> their copies; edges are repeated outside."""
    grid = functional.affine_grid(motion, list(pixels.shape), align_corners=False)
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def moved_landmarks(
    landmarks: torch.Tensor, motion: torch.Tensor, flip: torch.Tensor
) -> torch.Tensor:
    """Where the landmarks of the crops lie in the copies.

    Args:
        landmarks: (n, 68, 2 or more) crop-frame points, y up.
        motion: (n, 2, 3), see ``random_views``.
        flip: (n,) which copies are mirrored: left and right landmarks change places.

    Returns:
        (n, 68, 2) crop-frame points, y up.
    """
    half = NETWORK_SIZE / 2
    down = torch.stack([landmarks[..., 0], NETWORK_SIZE - 1 - landmarks[..., 1]], dim=-1)
    place = (down + 0.5) / half - 1.0
    inverse = torch.linalg.inv(motion[:, :, :2])
    moved = torch.einsum("nij,nkj->nki", inverse, place - motion[:, None, :, 2])
    order = torch.tensor(MIRROR_68, device=moved.device)
    moved = torch.where(flip[:, None, None], moved[:, order], moved)
    down = (moved + 1.0) * half - 0.5
    return torch.stack([down[..., 0], NETWORK_SIZE - 1 - down[..., 1]], dim=-1)
