"""Augment stored crops into network crops with exactly moved parameter labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.face_labels import (
    MARGIN,
    MIRROR_68,
    NETWORK_SIZE,
    STORED_SIZE,
    stored_from_crop_frame,
)
from ..datasets.parameter_labels import LandmarkBasis, mirrored, moved
from .covers.face_covers import NETWORK_COVERS, covered
from .face_profiling import Profiler
from .frame_crop import framed

Array = NDArray[np.float64]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AugmentSettings:
    """Ranges of the augmentation: what detectors, cameras and borders do to a crop."""

    scale: float = 0.12  # log-uniform, +-
    shift_px: float = 8.0  # uniform, +-, crop pixels
    roll_deg: float = 25.0  # +-, triangular: small angles are commoner
    flip: float = 0.5
    occlusion: float = 0.2
    border: float = 0.6  # share of pictures whose black border is repainted
    blur: float = 0.25
    noise: float = 0.2
    grey: float = 0.1
    framing: float = 0.0  # share of pictures whose sides are cut off over other surroundings
    covers: float = 0.0  # share of faces that something is painted over


@dataclass(frozen=True, slots=True)
class Augmented:
    """A batch of augmented crops.

    Attributes:
        crops: (n, size, size, 3) uint8.
        params: (n, 62) labels.
        residual: (n, 68, 2) where given.
        covered: (n,) bool, the faces that something was painted over.
    """

    crops: Image
    params: Array
    residual: Array | None
    covered: NDArray[np.bool_]


class Augmenter:
    """Turns stored crops and labels into augmented ones.

    Args:
        basis: Landmarks of the labels' face model.
        settings: Ranges.
        profiling: Turns some faces to large poses; None: no face.
        geometry_mirror: (50, 50) ``mirror_coefficients`` of the profiling mesh's face model; None
            where that is the labels' own.
    """

    def __init__(
        self,
        basis: LandmarkBasis,
        settings: AugmentSettings,
        profiling: Profiler | None = None,
        geometry_mirror: Array | None = None,
    ) -> None:
        self._basis, self._mirror = basis, basis.mirror_coefficients()
        self._settings = settings
        self._profiling, self._geometry_mirror = profiling, geometry_mirror

    def __call__(
        self,
        crops: Image,
        params: Array,
        rng: np.random.Generator,
        size: int = NETWORK_SIZE,
        geometry: Array | None = None,
        residual: Array | None = None,
    ) -> Augmented:
        """Augment a batch.

        Args:
            crops: (n, 160, 160, 3) stored crops.
            params: (n, 62) labels of the nominal 120-crops.
            rng: Source of all randomness.
            size: Side of the pictures that come out; labels stay in the 120-crop frame.
            geometry: (n, 62) labels in the profiling mesh's space; None where that is the same.
            residual: (n, 68, 2) offsets from the labels' landmarks, y-up crop frame, or None. They
                move along; a turned face has NaN after it.
        """
        s, n = self._settings, len(crops)
        flip, scale, angle, shift = self._drawn(n, rng)
        params, surface = self._flipped(params, geometry, flip)
        out = np.empty((n, size, size, 3), np.uint8)
        offsets = None if residual is None else _moved_offsets(residual, flip, scale, angle)
        hidden = np.zeros(n, np.bool_)
        for i in range(n):
            source = crops[i, :, ::-1] if flip[i] else crops[i]
            source = np.ascontiguousarray(source)
            if s.framing and rng.random() < s.framing:
                source = framed(source, crops[(i + 1) % n], rng)
            turn = self._profiling.chosen(surface[i], rng) if self._profiling else None
            source = self._repaint_border(source, rng, s.border if turn is None else 1.0)
            if self._profiling and turn:
                source, move = self._profiling.turned(source, surface[i], turn)
                params[i] = move.applied(params[i], self._basis.mean_depth(params[i]))
                if offsets is not None:
                    offsets[i] = np.nan
            if s.covers and rng.random() < s.covers:
                hidden[i] = True
                source = covered(source, self._seen_at(params[i]), rng, NETWORK_COVERS)
            matrix = _affine(scale[i], angle[i], shift[i], size)
            mode = cv2.BORDER_REPLICATE if rng.random() < s.border else cv2.BORDER_CONSTANT
            warped = cv2.warpAffine(
                source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=mode
            )
            out[i] = self._degrade(np.asarray(warped, np.uint8), rng)
        return Augmented(out, moved(params, scale, angle, shift), offsets, hidden)

    def labels(self, params: Array, rng: np.random.Generator, geometry: Array | None) -> Array:
        """(n, 62) labels as a call would move them, without pictures: for their statistics."""
        flip, scale, angle, shift = self._drawn(len(params), rng)
        params, surface = self._flipped(params, geometry, flip)
        for i in range(len(params)):
            turn = self._profiling.chosen(surface[i], rng) if self._profiling else None
            if self._profiling and turn:
                move = self._profiling.move(surface[i], turn)
                params[i] = move.applied(params[i], self._basis.mean_depth(params[i]))
        return moved(params, scale, angle, shift)

    def _drawn(
        self, n: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.bool_], Array, Array, Array]:
        """Flips (n,), scales (n,), turns in radians (n,) and shifts (n, 2) of n faces."""
        s = self._settings
        flip = np.asarray(rng.random(n) < s.flip)
        scale = np.exp(rng.uniform(-s.scale, s.scale, n))
        angle = np.radians(rng.triangular(-s.roll_deg, 0.0, s.roll_deg, n))
        return flip, scale, angle, rng.uniform(-s.shift_px, s.shift_px, (n, 2))

    def _flipped(
        self, params: Array, geometry: Array | None, flip: NDArray[np.bool_]
    ) -> tuple[Array, Array]:
        """Labels and surfaces (n, 62), those of the chosen faces mirrored."""
        surface = params if geometry is None else geometry
        mirror = self._mirror if self._geometry_mirror is None else self._geometry_mirror
        surface = np.where(flip[:, None], mirrored(surface, mirror), surface)
        return np.where(flip[:, None], mirrored(params, self._mirror), params), surface

    def _seen_at(self, params: Array) -> Array:
        """(68, 2) landmarks of (62,) labels on a stored crop's continuous plane."""
        return stored_from_crop_frame(self._basis.decode(params[None])[0]) + 0.5

    def _repaint_border(self, crop: Image, rng: np.random.Generator, share: float) -> Image:
        """Replace a black frame by something else, so that it does not give the pose away."""
        if rng.random() >= share:
            return crop
        lit = crop.max(axis=2) > 12
        rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
        if len(rows) < 40 or len(columns) < 40:
            return crop
        # Two pixels further in: along a frame compression and sampling leave a dark line.
        top, left = (edge + 2 if edge else 0 for edge in (rows[0], columns[0]))
        bottom, right = (
            edge - 1 if edge < STORED_SIZE - 1 else STORED_SIZE for edge in (rows[-1], columns[-1])
        )
        if rng.random() < 0.15:  # now and then an ordinary face gets a frame
            left += int(rng.integers(0, 25))
            right -= int(rng.integers(0, 25))
        inner = crop[top:bottom, left:right]
        kind = rng.choice([cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT])
        painted = cv2.copyMakeBorder(
            inner,
            int(top),
            int(STORED_SIZE - bottom),
            int(left),
            int(STORED_SIZE - right),
            int(kind),
            value=[int(v) for v in rng.integers(0, 256, 3)],
        )
        return np.asarray(painted, np.uint8)

    def _degrade(self, image: Image, rng: np.random.Generator) -> Image:
        s, size = self._settings, image.shape[0]
        if rng.random() < s.occlusion:
            w, h = (rng.uniform(0.1, 0.45, 2) * size).astype(int)
            x, y = int(rng.integers(0, size - w)), int(rng.integers(0, size - h))
            image[y : y + h, x : x + w] = rng.integers(0, 256, 3)
        if rng.random() < s.blur:
            if rng.random() < 0.5:
                image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
            else:  # a small face enlarged
                low = int(size * rng.uniform(0.25, 0.7))
                shrunk = cv2.resize(image, (low, low), interpolation=cv2.INTER_AREA)
                image = np.asarray(cv2.resize(shrunk, (size, size)), np.uint8)
        gain, bias = rng.uniform(0.6, 1.4), rng.uniform(-30, 30)
        table = np.arange(256, dtype=np.float64) * gain + bias
        tint = rng.uniform(0.85, 1.15, 3)
        tables = np.clip(table[:, None] * tint, 0, 255).astype(np.uint8)[None]
        image = np.asarray(cv2.LUT(image, tables), np.uint8)
        if rng.random() < s.grey:
            image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
        if rng.random() < s.noise:
            noise = rng.normal(0.0, rng.uniform(2, 12), image.shape)
            image = np.clip(image + noise, 0, 255).astype(np.uint8)
        return image


def _moved_offsets(
    residual: Array, flip: NDArray[np.bool_], scale: Array, angle_rad: Array
) -> Array:
    """(n, 68, 2) offsets in the y-up frame after the flips, then the turns and scales."""
    flipped = residual[:, MIRROR_68] * np.array([-1.0, 1.0])
    offsets = np.where(flip[:, None, None], flipped, residual)
    cosine, sine = np.cos(angle_rad) * scale, np.sin(angle_rad) * scale
    turn = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
    return np.asarray(np.einsum("nij,nkj->nki", turn, offsets), np.float64)


def _affine(scale: float, angle: float, shift: Array, size: int) -> Array:
    """(2, 3) matrix from stored-crop pixels to output pixels, both y down, half-pixel exact."""
    k = size / NETWORK_SIZE
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    linear = k * np.array([[cosine, sine], [-sine, cosine]])  # counter-clockwise, y down
    centre = (NETWORK_SIZE - 1) / 2
    target = (centre + np.array([shift[0], -shift[1]]) + 0.5) * k - 0.5
    offset = target - linear @ np.array([centre + MARGIN, centre + MARGIN])
    return np.concatenate([linear, offset[:, None]], axis=1)


def plain_crops(crops: Image) -> Image:
    """The nominal network crops of stored ones: (n, 160, 160, 3) -> (n, 120, 120, 3)."""
    return crops[:, MARGIN : MARGIN + NETWORK_SIZE, MARGIN : MARGIN + NETWORK_SIZE]
