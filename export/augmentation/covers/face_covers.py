"""Paint what covers a part of a face in life: masks, glasses, hats, hands, bars, shade."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from .cover_cloth import cloth, shaded

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Mask = NDArray[np.float32]
Painter = Callable[[Image, Array, np.random.Generator], Image]

_SHIFT = 4  # sub-pixel digits of OpenCV's drawing
_BROWS, _CHIN, _JAW = slice(17, 27), slice(6, 11), slice(0, 17)
_EYES = (slice(36, 42), slice(42, 48))


def covered(
    crop: Image, landmarks: Array, rng: np.random.Generator, shares: Mapping[Painter, float]
) -> Image:
    """A copy of a crop in which something covers a part of the face.

    Args:
        crop: (h, w, 3) uint8 BGR.
        landmarks: (68, 2) on its continuous plane.
        rng: Source of all randomness.
        shares: How often each kind is painted: `DETECTOR_COVERS` or `NETWORK_COVERS`.
    """
    kinds, weights = list(shares), np.array(list(shares.values()))
    kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    return kind(crop, landmarks, rng)


def masked(
    crop: Image, landmarks: Array, rng: np.random.Generator, colour: Array | None = None
) -> Image:
    """A mask over nose, mouth and chin, with straps to the ears and folds.

    Args:
        crop: (h, w, 3) uint8 BGR.
        landmarks: (68, 2) on its continuous plane.
        rng: Source of all randomness.
        colour: (3,) BGR, 0..255; None: drawn, or a pattern.
    """
    _, up = _axes(landmarks)
    # Now and then it has slipped below the nose's tip.
    top = landmarks[[33, 30]] if rng.random() < 0.08 else landmarks[[28, 29, 30]]
    first = int(rng.integers(1, 4))
    jaw = landmarks[first : 17 - first]
    lower = landmarks[5:12] - up * rng.uniform(0.0, 0.07)
    hull = _hull(np.concatenate([jaw, lower, top, landmarks[[31, 35, 48, 54]]]))
    texture = cloth(crop.shape[:2], rng, colour, size=float(np.linalg.norm(up)))
    texture = shaded(texture, landmarks[30], landmarks[_JAW], rng)
    if rng.random() < 0.6:
        _folds(texture, landmarks, rng)
    image = crop.copy()
    width = max(1, round(float(np.linalg.norm(up)) * rng.uniform(0.01, 0.03)))
    strap = tuple(int(value) for value in texture[_pixel(landmarks[51], crop.shape[:2])])
    for ear, edge in ((0, first), (16, 16 - first)):
        if rng.random() < 0.8:
            _line(
                image, landmarks[edge], landmarks[ear] + up * rng.uniform(-0.05, 0.12), strap, width
            )
    return _blended(image, texture, _filled(hull, crop.shape[:2]), 1.0)


def _scarfed(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """A scarf from the nose or the mouth down over the neck."""
    right, up = _axes(landmarks)
    top = landmarks[[29, 30]] if rng.random() < 0.6 else landmarks[[51, 62]]
    chin = landmarks[_CHIN].mean(axis=0)
    spread = rng.uniform(0.6, 1.0)
    low = chin - up * rng.uniform(0.4, 0.9)
    neck = np.stack([low - right * spread, low + right * spread])
    first = int(rng.integers(1, 4))
    hull = _hull(np.concatenate([landmarks[first : 17 - first], top, neck]))
    texture = cloth(crop.shape[:2], rng, None, size=float(np.linalg.norm(up)))
    texture = shaded(texture, landmarks[57], landmarks[_JAW], rng)
    return _blended(crop, texture, _filled(hull, crop.shape[:2]), 1.0)


def sunglasses(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """Two dark glasses, a bridge and the arms.

    Args:
        crop: (h, w, 3) uint8 BGR.
        landmarks: (68, 2) on its continuous plane.
        rng: Source of all randomness.
    """
    right, up = _axes(landmarks)
    turn = float(np.degrees(np.arctan2(right[1], right[0])))
    height = float(np.linalg.norm(up)) * rng.uniform(0.12, 0.2)
    grey = np.full(3, rng.uniform(5, 70)) + rng.uniform(-5, 25, 3)
    colour = tuple(int(value) for value in np.clip(grey, 0, 255))
    image, centres = crop.copy(), []
    alpha = np.zeros(crop.shape[:2], np.uint8)
    for eye in _EYES:
        points = landmarks[eye]
        wide = float(np.ptp(points @ right)) / float(np.linalg.norm(right)) * rng.uniform(0.8, 1.0)
        centre = points.mean(axis=0) - up * rng.uniform(0.0, 0.06)
        centres.append(centre)
        axes = (max(1.0, wide), max(1.0, height))
        cv2.ellipse(alpha, _fixed(centre), _fixed(np.array(axes)), turn, 0, 360, 255, -1,
                    cv2.LINE_AA, _SHIFT)  # fmt: skip
    thin = max(1, round(height * 0.2))
    _line(image, centres[0], centres[1], colour, thin)
    for centre, ear in zip(centres, landmarks[[0, 16]], strict=True):
        _line(image, centre, ear, colour, thin)
    mask = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.6).astype(np.float32) / 255, np.float32)
    return _blended(image, np.full_like(crop, colour), mask, rng.uniform(0.75, 1.0))


def _hatted(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """A hat, a hood or a helmet from the brows up."""
    right, up = _axes(landmarks)
    rim = landmarks[[0, 16, 17, 19, 24, 26]] + up * rng.uniform(0.05, 0.25)
    wide = right * rng.uniform(0.02, 0.2)
    crown = landmarks[[19, 24]] + up * rng.uniform(0.6, 1.1)
    hull = _hull(np.concatenate([rim, rim[:1] - wide, rim[1:2] + wide, crown]))
    texture = cloth(crop.shape[:2], rng, None, size=float(np.linalg.norm(up)))
    texture = shaded(texture, landmarks[27] + up * 0.5, landmarks[[0, 16, 19, 24]], rng)
    return _blended(crop, texture, _filled(hull, crop.shape[:2]), 1.0)


def _handed(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """Fingers of the face's own colour, from below or from a side."""
    right, up = _axes(landmarks)
    skin = crop[_pixel(landmarks[[30, 31, 35]].mean(axis=0), crop.shape[:2])].astype(np.float64)
    unit = float(np.linalg.norm(up))
    side = -1.0 if rng.random() < 0.5 else 1.0
    tip = landmarks[int(rng.choice([3, 8, 13, 30, 48, 54, 57, 36, 45]))]
    base = landmarks[_CHIN].mean(axis=0) + side * right * rng.uniform(0.0, 0.8) - up * 0.7
    along = tip - base
    across = np.array([-along[1], along[0]]) / max(1.0, float(np.linalg.norm(along)))
    thick = max(2, round(unit * rng.uniform(0.1, 0.16)))
    image = crop.copy()
    for k in range(int(rng.integers(2, 5))):
        gain = rng.uniform(0.8, 1.1)
        end = tip + across * (k - 1.5) * thick * 1.1 - along * rng.uniform(0.0, 0.12)
        start = base + across * (k - 1.5) * thick * 1.1
        for share, width in ((0.7, thick), (1.0, max(1, thick - 2))):  # a darker edge, then skin
            shade = tuple(int(value) for value in np.clip(skin * gain * share, 0, 255))
            _line(image, start, end, shade, width)
    return image


def _barred(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """Bars, wires or a fence before the face: lines in one direction or two."""
    height, width = crop.shape[:2]
    unit = float(np.linalg.norm(_axes(landmarks)[1]))
    thick, gap = max(1, round(unit * rng.uniform(0.02, 0.08))), unit * rng.uniform(0.22, 0.6)
    colour = tuple(int(value) for value in np.full(3, rng.uniform(10, 245)) + rng.uniform(-8, 8, 3))
    image, middle = crop.copy(), np.array([width, height]) / 2.0
    first = rng.uniform(0.0, 180.0)
    directions = [first] if rng.random() < 0.4 else [first, first + rng.uniform(50.0, 130.0)]
    reach = float(np.hypot(width, height))
    for degrees in np.radians(directions):
        along = np.array([np.cos(degrees), np.sin(degrees)])
        across = np.array([-along[1], along[0]])
        for offset in np.arange(-reach / 2 + rng.uniform(0.0, gap), reach / 2, gap):
            start = middle + across * offset - along * reach
            _line(image, start, start + along * 2.0 * reach, colour, thick)
    return image


def _in_shade(crop: Image, landmarks: Array, rng: np.random.Generator) -> Image:
    """A deep shade whose edge runs over the face, as under a brim or in low sun."""
    height, width = crop.shape[:2]
    _, up = _axes(landmarks)
    unit = float(np.linalg.norm(up))
    angle = rng.uniform(0.0, 2.0 * np.pi)
    normal = np.array([np.cos(angle), np.sin(angle)])
    through = landmarks[30] + normal * unit * rng.uniform(-0.5, 0.5)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    inside = (x - through[0]) * normal[0] + (y - through[1]) * normal[1]
    soft = max(1.0, unit * rng.uniform(0.01, 0.25))
    share = np.clip(inside / soft + 0.5, 0.0, 1.0)
    gain = 1.0 - share * (1.0 - rng.uniform(0.12, 0.5))
    return np.asarray(np.rint(crop * gain[..., None]), np.uint8)


#: How often a detector sees each kind: it has to find faces, most of all behind masks.
DETECTOR_COVERS: dict[Painter, float] = {
    masked: 0.56, _scarfed: 0.1, sunglasses: 0.14, _hatted: 0.1, _handed: 0.1,
}  # fmt: skip

#: How often the network does: it has to see where a face's hidden half lies.
NETWORK_COVERS: dict[Painter, float] = {
    masked: 0.16, _scarfed: 0.06, sunglasses: 0.22, _hatted: 0.14, _handed: 0.16, _barred: 0.12,
    _in_shade: 0.14,
}  # fmt: skip


def _axes(landmarks: Array) -> tuple[Array, Array]:
    """(2,) half the face's frontal width toward its left side, and (2,) from chin to brows."""
    up = landmarks[_BROWS].mean(axis=0) - landmarks[_CHIN].mean(axis=0)
    return np.array([-up[1], up[0]]) * 0.62, up


def _folds(texture: Image, landmarks: Array, rng: np.random.Generator) -> None:
    """Darker lines across the mask, in place."""
    left, right = landmarks[3], landmarks[13]
    across = (right - left) * 0.9
    middle, down = landmarks[51], landmarks[8] - landmarks[33]
    for share in np.linspace(-0.1, 0.5, int(rng.integers(2, 5))):
        y = middle + down * share
        shade = texture[_pixel(y, texture.shape[:2])] * rng.uniform(0.7, 0.92)
        _line(texture, y - across / 2, y + across / 2, tuple(int(value) for value in shade), 1)


def _hull(points: Array) -> Array:
    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], np.float64)


def _filled(polygon: Array, size_hw: tuple[int, int]) -> Mask:
    alpha = np.zeros(size_hw, np.uint8)
    cv2.fillConvexPoly(alpha, _fixed_points(polygon), 255, cv2.LINE_AA, _SHIFT)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.6).astype(np.float32) / 255, np.float32)


def _blended(image: Image, over: Image, mask: Mask, opacity: float) -> Image:
    alpha = (mask * np.float32(opacity))[..., None]
    return np.asarray(np.rint(image + alpha * (over.astype(np.float32) - image)), np.uint8)


def _line(image: Image, start: Array, end: Array, colour: tuple[int, ...], width: int) -> None:
    cv2.line(image, _fixed(start), _fixed(end), colour, width, cv2.LINE_AA, _SHIFT)


def _fixed(point: Array) -> tuple[int, int]:
    """A point or a pair of lengths as OpenCV's drawing takes it, pixel centres at integers."""
    x, y = np.rint(point * 2**_SHIFT).astype(int)
    return int(x), int(y)


def _fixed_points(points: Array) -> NDArray[np.int32]:
    return np.asarray(np.rint((points - 0.5) * 2**_SHIFT), np.int32)


def _pixel(point: Array, size_hw: tuple[int, int]) -> tuple[int, int]:
    """Row and column of the pixel that holds a point, or the nearest."""
    x, y = np.clip(point.astype(int), 0, np.array(size_hw[::-1]) - 1)
    return int(y), int(x)
