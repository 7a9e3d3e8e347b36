"""Where each texel of a face model's texture lies on its surface."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..morphable.morphable_model import MorphableModel
from .surface_buffer import surface_buffer

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class UvAtlas:
    """A grid of texels over the unit square, row 0 at v = 1.

    Attributes:
        side: Texels of a side G.
        inside: (G, G) bool, whether the texel's centre lies on the surface.
        corners: (3, G * G) vertices around the texel; outside, those of the nearest texel inside,
            so that the border is padded.
        weights: (3, G * G) float32 their barycentric weights.
        symmetric: Whether the picture's left half lays out the mirror image of its right half.
    """

    side: int
    inside: NDArray[np.bool_]
    corners: NDArray[np.intp]
    weights: FloatArray
    symmetric: bool

    def positions(self, xy: NDArray[np.floating]) -> FloatArray:
        """(N, 2) values of the vertices -> (G, G, 2) float32 at the texels."""
        pairs = np.ascontiguousarray(xy, np.float32).view(np.complex64)[:, 0]  # two in one gather
        return self._mixed(pairs).view(np.float32).reshape(self.side, self.side, 2)

    def values(self, values: NDArray[np.generic]) -> FloatArray:
        """(N,) values of the vertices -> (G, G) float32 at the texels."""
        mixed = np.asarray(self._mixed(np.asarray(values, np.float32)), np.float32)
        return mixed.reshape(self.side, self.side)

    def _mixed(self, values: NDArray[np.complex64] | FloatArray) -> NDArray[np.generic]:
        total = values[self.corners[0]] * self.weights[0]
        for k in (1, 2):
            total += values[self.corners[k]] * self.weights[k]
        return np.asarray(total)


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
    nearest = _nearest_covered(inside, buffer.pixels)  # (G * G,) rows of the buffer
    return UvAtlas(
        side,
        inside,
        np.ascontiguousarray(buffer.vertex_ids[:, nearest]),
        np.ascontiguousarray(buffer.weights[:, nearest]),
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


def _nearest_covered(inside: NDArray[np.bool_], pixels: NDArray[np.intp]) -> NDArray[np.intp]:
    """(G * G,) for each texel the number (in `pixels`) of the nearest covered one."""
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = np.asarray(labels).ravel()
    number = np.zeros(int(flat.max()) + 1, np.intp)
    number[flat[pixels]] = np.arange(len(pixels))
    return np.asarray(number[flat])
