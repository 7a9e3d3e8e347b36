"""Close an eye exactly: the upper lid comes down to the lower one, on every person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .head_landmarks import LOWER_RIM, UPPER_RIM
from .makehuman_files import Target

FloatArray = NDArray[np.float32]

_STRONGEST = 1.6  # of the target: what a very open eye may need


class EyelidContact:
    """Scales a blink across the eye so that weight 1 brings the rims of the lids together.

    The target closes one average eye; on others its lid stays short of the lower one or passes it.

    Args:
        mirror: (n,) each vertex's mirror image.
    """

    def __init__(self, mirror: NDArray[np.int64]) -> None:
        left = np.array([UPPER_RIM, LOWER_RIM])  # (2, 9)
        self._rims = {"Left": left, "Right": mirror[left]}

    def close(self, vertices: FloatArray, side: str, blink: Target, weight: float) -> None:
        """Move the lids in place.

        Args:
            vertices: (n, 3) the person with the rest of the expression.
            side: "Left" or "Right".
            blink: The target.
            weight: 0..1, the share of the eye's opening that is taken away.
        """
        upper, lower = self._rims[side]
        moves = np.zeros_like(vertices)
        moves[blink.index] = blink.move
        gap = vertices[upper, 1] - _height_at(vertices, lower, vertices[upper, 0])
        closing = _move_at(vertices, moves, lower, vertices[upper, 0]) - moves[upper, 1]
        inner = np.abs(closing) > 1e-3
        strength = np.clip(gap[inner] / np.abs(closing[inner]), 0.0, _STRONGEST)
        across = np.abs(vertices[upper[inner], 0])
        order = np.argsort(across)
        at = np.abs(vertices[blink.index, 0])
        scaled = np.interp(at, across[order], strength[order]).astype(np.float32)
        blink.add_to(vertices, weight * scaled[:, None])


def _height_at(vertices: FloatArray, rim: NDArray[np.int64], x: FloatArray) -> FloatArray:
    """Height of a rim where it crosses x."""
    order = np.argsort(vertices[rim, 0])
    along = rim[order]
    return np.asarray(np.interp(x, vertices[along, 0], vertices[along, 1]), np.float32)


def _move_at(
    vertices: FloatArray, moves: FloatArray, rim: NDArray[np.int64], x: FloatArray
) -> FloatArray:
    order = np.argsort(vertices[rim, 0])
    along = rim[order]
    return np.asarray(np.interp(x, vertices[along, 0], moves[along, 1]), np.float32)
