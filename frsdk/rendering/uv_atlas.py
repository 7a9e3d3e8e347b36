"""Where each texel of a face model's texture lies on its surface."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..morphable.morphable_model import MorphableModel
from .surface_buffer import surface_buffer
from .texture_fill import nearest_covered

FloatArray = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)
Texels = TypeVar("Texels", NDArray[np.uint8], NDArray[np.float32])


@dataclass(frozen=True, slots=True, eq=False)
class UvAtlas:
    """A grid of texels over the unit square, row 0 at v = 1.

    Attributes:
        side: Texels of a side G.
        inside: (G, G) bool, whether the texel's centre lies on the surface.
        corners: (3, G, G) vertices around the texel; outside, those of the nearest texel inside,
            so that the border is padded.
        weights: (3, G, G) float32 their barycentric weights.
        symmetric: Whether the picture's left half lays out the mirror image of its right half.
    """

    side: int
    inside: NDArray[np.bool_]
    corners: NDArray[np.intp]
    weights: FloatArray
    symmetric: bool

    def positions(self, xy: NDArray[np.floating], part: AtlasPart) -> FloatArray:
        """(N, 2) values of the vertices -> (h, w, 2) float32 at the part's texels."""
        pairs = np.ascontiguousarray(xy, np.float32).view(np.complex64)[:, 0]  # two in one gather
        mixed = self._mixed(pairs, part)
        return mixed.view(np.float32).reshape(*mixed.shape, 2)

    def values(self, values: NDArray[np.generic]) -> FloatArray:
        """(N,) values of the vertices -> (G, G) float32 at the texels."""
        whole = AtlasPart(self.side, slice(0, self.side), slice(0, self.side))
        return np.asarray(self._mixed(np.asarray(values, np.float32), whole), np.float32)

    def _mixed(
        self, values: NDArray[np.complex64] | FloatArray, part: AtlasPart
    ) -> NDArray[np.generic]:
        total: NDArray[np.generic] | None = None
        for corner, weight in zip(self.corners, self.weights, strict=True):
            of_texel = np.take(values, corner[part.rows, part.columns])
            of_texel *= weight[part.rows, part.columns]
            total = of_texel if total is None else np.add(total, of_texel, out=total)
        return np.asarray(total)


@dataclass(frozen=True, slots=True)
class AtlasPart:
    """A rectangle of a grid of texels.

    Attributes:
        side: Texels of a side of the grid.
        rows: From the first to the one after the last.
        columns: Likewise.
    """

    side: int
    rows: slice
    columns: slice

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the grid."""
        return self.rows == self.columns == slice(0, self.side)

    def of(self, side: int) -> AtlasPart:
        """The same part of a grid of another side, of which it must be whole texels."""
        rows, columns = (
            slice(part.start * side // self.side, part.stop * side // self.side)
            for part in (self.rows, self.columns)
        )
        return AtlasPart(side, rows, columns)

    def widened(self) -> AtlasPart:
        """The part with the texels around it."""
        rows, columns = (
            slice(max(part.start - 1, 0), min(part.stop + 1, self.side))
            for part in (self.rows, self.columns)
        )
        return AtlasPart(self.side, rows, columns)

    def cut(self, array: NDArray[Scalar]) -> NDArray[Scalar]:
        """The part of an array of the grid."""
        return array[self.rows, self.columns]

    def cut_from(self, wider: AtlasPart, array: NDArray[Scalar]) -> NDArray[Scalar]:
        """The part of an array of a wider part of the same grid."""
        top, left = wider.rows.start, wider.columns.start
        return array[
            self.rows.start - top : self.rows.stop - top,
            self.columns.start - left : self.columns.stop - left,
        ]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Texels across and down."""
        return self.columns.stop - self.columns.start, self.rows.stop - self.rows.start

    def enlarged(self, wider: Texels, side: int) -> Texels:
        """The part interpolated for a finer grid, from an array of `self.widened()`."""
        around = self.widened()
        if side == self.side:
            return self.cut_from(around, wider)
        large = around.of(side)
        array = cv2.resize(wider, large.size_wh, interpolation=cv2.INTER_LINEAR)
        return self.of(side).cut_from(large, np.asarray(array, wider.dtype))


def part_with(weights: Sequence[FloatArray], size: int, cells: int) -> AtlasPart:
    """The part of a grid outside which all weights are zero.

    It consists of whole cells, of which `cells` make a side, so that it can be averaged down to
    them; where the grid or the texture cannot be divided into these, it is the whole grid.

    Args:
        weights: (G, G) each; of one at least, something is not zero.
        size: Texels of a side of the texture to which the grid will be enlarged.
        cells: Of a side.
    """
    side = len(weights[0])
    if side % cells or size % side:
        return AtlasPart(side, slice(0, side), slice(0, side))
    used = np.zeros((side, side), np.uint8)
    for weight in weights:
        used |= weight > 0
    left, top, width, height = cv2.boundingRect(used)
    step = side // cells
    rows, columns = (
        slice(first // step * step, -(-(first + length) // step) * step)
        for first, length in ((top, height), (left, width))
    )
    return AtlasPart(side, rows, columns)


@functools.lru_cache(maxsize=6)
def uv_atlas(model: MorphableModel, side: int) -> UvAtlas:
    """The texels of a model's texture; kept for the last few models and sizes.

    Raises:
        InputError: The model has no texture coordinates or no triangles.
    """
    if not len(model.uv) or not len(model.triangles):
        missing = "texture coordinates" if len(model.triangles) else "triangles"
        raise InputError(
            f"the face model {model.name} has no {missing}, so there is no texture: "
            "use a dense face model with uv, such as the built-in one"
        )
    texel = np.zeros((len(model.uv), 3))
    texel[:, 0] = model.uv[:, 0] * side - 0.5
    texel[:, 1] = (1 - model.uv[:, 1].astype(np.float64)) * side - 0.5
    buffer = surface_buffer(texel, _facing_triangles(texel, model.triangles), (side, side))
    if not len(buffer.pixels):
        raise InputError(
            f"the texture coordinates of {model.name} cover no texel of {side}x{side}: "
            "expected uv within the unit square"
        )
    inside = buffer.mask
    nearest = nearest_covered(inside, buffer.pixels)  # (G * G,) rows of the buffer
    return UvAtlas(
        side,
        inside,
        np.ascontiguousarray(buffer.vertex_ids[:, nearest]).reshape(3, side, side),
        np.ascontiguousarray(buffer.weights[:, nearest]).reshape(3, side, side),
        _is_symmetric(model),
    )


def _is_symmetric(model: MorphableModel) -> bool:
    if not len(model.mirror):
        return False
    twin = model.uv[model.mirror] * (-1, 1) + (1, 0)
    return bool(np.abs(twin - model.uv).max() < 1e-5)


def _facing_triangles(
    texel: NDArray[np.float64], triangles: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Triangles turned so that none is culled: a layout may mirror a part."""
    a, b, c = (texel[triangles[:, k], :2] for k in range(3))
    ab, ac = b - a, c - a
    turned = ab[:, 1] * ac[:, 0] - ab[:, 0] * ac[:, 1] < 0
    return np.where(turned[:, None], triangles[:, [0, 2, 1]], triangles)
