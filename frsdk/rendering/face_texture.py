"""The unwrapped texture of a face from its photograph, the unseen side filled in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import checked_mesh
from ..morphable.morphable_model import MorphableModel
from .texture_fill import nearest_fill, smooth_fill
from .uv_atlas import UvAtlas, uv_atlas
from .visibility import well_seen_vertices

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

SMALLEST_TEXTURE, LARGEST_TEXTURE = 16, 8192
MISSING_BGR = (150.0, 170.0, 200.0)  # a face of which nothing is seen
_GRID_SIDE = 512  # positions are interpolated at this many texels, and enlarged: 2 a triangle
_FILL_SIDE = 128  # the smooth fill has no finer detail
_LIGHT_SIDE = 64  # nor the difference of light between the sides
_NO_MAP = np.zeros(0, np.float32)  # x and y come in one array
_FEATHER = 27  # texels of the grid, half of which the seen part takes to go over into the fill


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """An unwrapped face.

    Attributes:
        image: (S, S, 3) uint8 BGR; texel (row, column) lies at u = (column + 0.5) / S,
            v = 1 - (row + 0.5) / S of the face model's `uv`. Texels outside the surface repeat the
            nearest one inside.
        seen: (S, S) bool, true where the photograph shows the surface; the rest is filled in.
    """

    image: Image
    seen: NDArray[np.bool_]


def face_texture(
    image_bgr: Image, vertices: NDArray[np.floating], model: MorphableModel, size: int = 1024
) -> Texture:
    """Unwrap a face.

    A texel is seen when its surface lies in the photograph, faces the camera and nothing lies
    before it. Another one takes the colour of its mirror image when that is seen, corrected by the
    smooth difference of light between the two sides; the rest is filled smoothly.

    Args:
        image_bgr: (H, W, 3) uint8.
        vertices: (N, 3) image pixels: x right, y down, z toward the camera.
        model: The face model, with `uv` and `triangles`; its `mirror` is used where it has one.
        size: Texels of a side.

    Raises:
        InputError: An unusable image, a size outside 16..8192, or a model without `uv` or
            triangles.
    """
    if image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or image_bgr.dtype != np.uint8:
        raise InputError(
            f"expected an image (H, W, 3) uint8, got {image_bgr.shape} {image_bgr.dtype}"
        )
    if not SMALLEST_TEXTURE <= size <= LARGEST_TEXTURE:
        raise InputError(
            f"expected a texture size in {SMALLEST_TEXTURE}..{LARGEST_TEXTURE}, got {size}"
        )
    atlas = uv_atlas(model, min(size, _GRID_SIDE))
    points, corners = checked_mesh(vertices, model.triangles)
    height, width = image_bgr.shape[:2]
    x, y = points[:, 0], points[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    seen = well_seen_vertices(points, corners) & inside
    if not seen.any():
        plain = np.rint(np.broadcast_to(MISSING_BGR, (size, size, 3))).astype(np.uint8)
        return Texture(plain, np.zeros((size, size), np.bool_))
    positions = atlas.positions(points[:, :2])
    photo = _Photo(image_bgr, points[seen, :2], atlas, positions, size)
    own = photo.layer(positions, atlas.values(seen))
    if len(model.mirror):
        twin = _mirror_layer(own, photo, atlas, points, seen, model)
        filled = _blended(_with_own_light(own, twin), _smooth(own, twin), twin.weight)
    else:
        filled = _smooth(own, None)
    share = _resized(own.weight, size)
    return Texture(_blended(own.image, filled, share), share > 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What the photograph gives for each texel, and how far that is to be trusted.

    Attributes:
        image: (S, S, 3).
        small: The same averaged down, for what has no fine detail.
        weight: (G, G) 0..1.
    """

    image: Image
    small: Image
    weight: FloatArray


class _Photo:
    """The part of the photograph with the face, averaged down to the texture's resolution."""

    def __init__(
        self,
        image: Image,
        seen_xy: NDArray[np.float64],
        atlas: UvAtlas,
        positions: FloatArray,
        size: int,
    ) -> None:
        height, width = image.shape[:2]
        limit = (width - 1, height - 1)
        low = np.clip(np.floor(seen_xy.min(axis=0)) - 2, 0, limit).astype(int)
        high = np.clip(np.ceil(seen_xy.max(axis=0)) + 2, 0, limit).astype(int)
        self._window = image[low[1] : high[1] + 1, low[0] : high[0] + 1]
        self._low, self._size = low, size
        self._scale = np.ones(2)
        step = np.diff(positions[::8], axis=1)[atlas.inside[::8, 1:]]  # image pixels a texel
        factor = int(np.median(np.hypot(step[:, 0], step[:, 1])) * atlas.side / size)
        if factor > 1:
            h, w = self._window.shape[:2]
            small = (max(1, w // factor), max(1, h // factor))
            self._scale = np.array([small[0] / w, small[1] / h])
            resized = cv2.resize(self._window, small, interpolation=cv2.INTER_AREA)
            self._window = np.asarray(resized, np.uint8)

    def layer(self, positions: FloatArray, seen: FloatArray) -> _Layer:
        """The photograph at the texels; its border is repeated outside."""
        scale, low = np.asarray(self._scale, np.float32), np.asarray(self._low, np.float32)
        local = positions * scale
        local += (0.5 - low) * scale - np.float32(0.5)
        # Fixed-point positions (1/32 pixel) halve the time.
        whole, part = cv2.convertMaps(_resized(local, self._size), _NO_MAP, cv2.CV_16SC2)
        image = cv2.remap(
            self._window, whole, part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        side = max(3, _FEATHER * len(seen) // _GRID_SIDE | 1)
        blurred = np.asarray(cv2.blur(seen, (side, side)), np.float32)
        # 0 where half of the neighbourhood is unseen: the seen part ends inside its border.
        small = _small(np.asarray(image, np.uint8))
        return _Layer(np.asarray(image, np.uint8), small, np.clip(blurred * 2 - 1, 0, 1))


def _mirror_layer(
    own: _Layer,
    photo: _Photo,
    atlas: UvAtlas,
    points: NDArray[np.float64],
    seen: NDArray[np.bool_],
    model: MorphableModel,
) -> _Layer:
    """For each texel what the photograph gives for its mirror image."""
    if atlas.symmetric:
        image, small = (np.asarray(cv2.flip(each, 1), np.uint8) for each in (own.image, own.small))
        return _Layer(image, small, np.asarray(cv2.flip(own.weight, 1), np.float32))
    twin = points[model.mirror, :2]
    return photo.layer(atlas.positions(twin), atlas.values(seen[model.mirror]))


def _with_own_light(own: _Layer, twin: _Layer) -> Image:
    """The mirror image plus the difference of light, known where both sides are seen."""
    a, b = _shrunk(own.small, _LIGHT_SIDE), _shrunk(twin.small, _LIGHT_SIDE)
    both = _shrunk(own.weight, _LIGHT_SIDE) * _shrunk(twin.weight, _LIGHT_SIDE)
    light = cv2.GaussianBlur(smooth_fill(a - b, both), (0, 0), _LIGHT_SIDE / 32)
    shift = np.rint(np.clip(light, -128, 127) + 128).astype(np.uint8)
    shift = np.asarray(cv2.resize(shift, twin.image.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    return np.asarray(cv2.addWeighted(twin.image, 1, shift, 1, -128), np.uint8)


def _smooth(own: _Layer, twin: _Layer | None) -> Image:
    """The known colours spread over the rest, at the texture's size."""
    side = len(own.small)
    colours, weight = own.small.astype(np.float32), _shrunk(own.weight, side)
    if twin is not None:
        share, other = weight[..., None], _shrunk(twin.weight, side)
        colours = colours * share + twin.small * (1 - share)
        weight = np.maximum(weight, other)
    filled = nearest_fill(colours, weight, side / 24)
    small = np.rint(filled).clip(0, 255).astype(np.uint8)
    size = own.image.shape[1::-1]
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _small(image: Image) -> Image:
    side = min(_FILL_SIDE, len(image))
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _blended(over: Image, under: Image, weight: FloatArray) -> Image:
    """`over` by its weight, `under` by the rest."""
    share = _resized(weight, over.shape[0])
    return np.asarray(cv2.blendLinear(over, under, share, 1 - share), np.uint8)


def _resized(array: FloatArray, side: int) -> FloatArray:
    if array.shape[0] == side:
        return array
    return np.asarray(cv2.resize(array, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)


def _shrunk(array: Image | FloatArray, side: int) -> FloatArray:
    small = cv2.resize(array, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
