"""Blend a part of one picture into another one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Mask = NDArray[np.float32]

_MIN_SIDE = 4


@dataclass(frozen=True, slots=True)
class Placement:
    """A similarity from a piece's plane to the scene's, both continuous.

    Attributes:
        scale: Scene pixels per piece pixel.
        roll_rad: Turn, clockwise in the picture.
        origin: (2,) where the piece's point (0, 0) goes.
    """

    scale: float
    roll_rad: float
    origin: Array

    @classmethod
    def about(cls, point: Array, target: Array, scale: float, roll_rad: float) -> Placement:
        """The placement that brings a point of the piece to a target in the scene."""
        return cls(scale, roll_rad, target - _linear(scale, roll_rad) @ point)

    def moved(self, points: Array) -> Array:
        """Points (..., 2) of the piece on the scene's plane."""
        return np.asarray(points @ _linear(self.scale, self.roll_rad).T + self.origin, np.float64)


def _linear(scale: float, roll_rad: float) -> Array:
    cosine, sine = np.cos(roll_rad) * scale, np.sin(roll_rad) * scale
    return np.array([[cosine, -sine], [sine, cosine]])


def paste(
    scene: Image,
    owner: NDArray[np.int16],
    piece: Image,
    mask: Mask,
    placement: Placement,
    identity: int,
) -> None:
    """Blend a piece into a scene, in place.

    A piece that gets smaller is averaged first, so that it does not alias.

    Args:
        scene: (h, w, 3) uint8.
        owner: (h, w) which piece covers a pixel; set to `identity` where the mask is over a half.
        piece: (ph, pw, 3) uint8.
        mask: (ph, pw) 0..1.
        placement: From the piece's plane to the scene's.
        identity: Number of the piece.
    """
    height, width = piece.shape[:2]
    corners = np.array([(x, y) for x in (0, width) for y in (0, height)], np.float64)
    bounds = placement.moved(corners)
    limits = np.array([scene.shape[1], scene.shape[0]])
    low = np.clip(np.floor(bounds.min(axis=0)), 0, limits).astype(int)
    high = np.clip(np.ceil(bounds.max(axis=0)), 0, limits).astype(int)
    if (high - low < 1).any():
        return
    small, small_mask, ratio = _reduced(piece, mask, placement.scale)
    # From pixel centres of the reduced piece to pixel centres of the window.
    linear = _linear(placement.scale, placement.roll_rad) / ratio  # columns by x and y ratio
    offset = placement.origin - low + linear @ np.array([0.5, 0.5]) - 0.5
    matrix = np.concatenate([linear, offset[:, None]], axis=1)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    moved = cv2.warpAffine(
        small, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    alpha = cv2.warpAffine(small_mask, matrix, size, flags=cv2.INTER_LINEAR)
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    under = scene[window].astype(np.float32)
    blended = under + alpha[..., None] * (moved.astype(np.float32) - under)
    scene[window] = np.rint(blended).astype(np.uint8)
    owner[window][alpha > 0.5] = identity


def _reduced(piece: Image, mask: Mask, scale: float) -> tuple[Image, Mask, Array]:
    """Piece and mask averaged to the scene's resolution, and their size / the piece's (2,)."""
    height, width = piece.shape[:2]
    if scale >= 1.0:
        return piece, mask, np.ones(2)
    size = (max(_MIN_SIDE, round(width * scale)), max(_MIN_SIDE, round(height * scale)))
    small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA)
    small_mask = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    ratio = np.array([size[0] / width, size[1] / height])
    return np.asarray(small, np.uint8), np.asarray(small_mask, np.float32), ratio


def rectangle_mask(size_wh: tuple[int, int], feather: float) -> Mask:
    """A mask that falls off toward the piece's edges.

    Args:
        size_wh: Of the piece.
        feather: Width of the fall, piece pixels; 0 is a hard edge.
    """
    ramps = []
    for side in size_wh:
        distance = np.minimum(np.arange(side) + 0.5, side - 0.5 - np.arange(side))
        ramps.append(np.clip(distance / max(feather, 1e-6), 0.0, 1.0).astype(np.float32))
    return np.asarray(ramps[1][:, None] * ramps[0][None], np.float32)


def ellipse_mask(
    size_wh: tuple[int, int], centre: Array, axes: Array, roll_rad: float, feather: float
) -> Mask:
    """A mask that falls off across the edge of an ellipse.

    Args:
        size_wh: Of the piece.
        centre: (2,) piece pixels.
        axes: (2,) half axes.
        roll_rad: Turn of the ellipse, clockwise.
        feather: Width of the fall as a share of the axes.
    """
    x = np.arange(size_wh[0], dtype=np.float32)[None] + 0.5 - centre[0]
    y = np.arange(size_wh[1], dtype=np.float32)[:, None] + 0.5 - centre[1]
    cosine, sine = np.cos(roll_rad), np.sin(roll_rad)
    across = (x * cosine + y * sine) / axes[0]
    along = (y * cosine - x * sine) / axes[1]
    distance = np.sqrt(across**2 + along**2)
    return np.asarray(np.clip((1.0 - distance) / max(feather, 1e-3) + 0.5, 0.0, 1.0), np.float32)
