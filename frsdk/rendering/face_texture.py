"""The unwrapped texture of a face from its photograph, the unseen side filled in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.face_crop import check_image
from ..meshes.mesh_arrays import checked_mesh
from ..morphable.morphable_model import MorphableModel
from .texture_fill import nearest_fill, smooth_fill
from .uv_atlas import AtlasPart, Texels, UvAtlas, part_with, uv_atlas
from .visible_vertices import well_seen_vertices

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
    check_image(image_bgr)
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
    own_weight = _feathered(atlas.values(seen))
    if not own_weight.any():  # nothing is seen, or less than the border that is not trusted
        plain = np.rint(np.broadcast_to(MISSING_BGR, (size, size, 3))).astype(np.uint8)
        return Texture(plain, np.zeros((size, size), np.bool_))
    twin_weight = _twin_weight(own_weight, atlas, seen, model)
    weights = [own_weight] if twin_weight is None else [own_weight, twin_weight]
    part = part_with(weights, size, _LIGHT_SIDE)  # little of a face is seen: a third of the layout
    positions = atlas.positions(points[:, :2], part.widened())
    photo = _Photo(image_bgr, points[seen, :2], atlas, positions, part, size)
    own = photo.layer(positions, own_weight)
    if twin_weight is None:
        image = _smooth(own, None, size)
        filled = part.of(size).cut(image)
    else:
        twin = _twin(own, twin_weight, photo, atlas, points, model)
        image = _smooth(own, twin, size)
        smooth = part.of(size).cut(image)
        filled = _blended(
            _with_own_light(own, twin, size), smooth, _enlarged(twin.weight, part, size)
        )
    share = _enlarged(own.weight, part, size)
    part.of(size).cut(image)[:] = _blended(own.image, filled, share)
    mask = np.zeros((size, size), np.bool_)
    np.greater(share, 0.5, out=part.of(size).cut(mask))
    return Texture(image, mask)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What the photograph gives for each texel, and how far that is to be trusted.

    Attributes:
        part: Of the grid, outside which nothing is to be trusted.
        image: (h, w, 3) the part at the texture's size.
        small: (S, S, 3) all of it averaged down, for what has no fine detail.
        weight: (G, G) 0..1.
    """

    part: AtlasPart
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
        part: AtlasPart,
        size: int,
    ) -> None:
        height, width = image.shape[:2]
        limit = (width - 1, height - 1)
        x, y = np.ascontiguousarray(seen_xy.T)
        low = np.clip(np.floor((x.min(), y.min())) - 2, 0, limit).astype(int)
        high = np.clip(np.ceil((x.max(), y.max())) + 2, 0, limit).astype(int)
        self._window = image[low[1] : high[1] + 1, low[0] : high[0] + 1]
        self._low, self._part, self._size = low, part, size
        self._scale = np.ones(2)
        inside = part.widened().cut(atlas.inside)[::8, 1:]
        step = np.diff(positions[::8], axis=1)[inside]  # image pixels a texel
        texel_px = float(np.median(np.hypot(step[:, 0], step[:, 1]))) if len(step) else 0.0
        factor = int(texel_px * atlas.side / size)
        if factor > 1:
            h, w = self._window.shape[:2]
            small = (max(1, w // factor), max(1, h // factor))
            self._scale = np.array([small[0] / w, small[1] / h])
            resized = cv2.resize(self._window, small, interpolation=cv2.INTER_AREA)
            self._window = np.asarray(resized, np.uint8)

    def layer(self, positions: FloatArray, weight: FloatArray) -> _Layer:
        """The photograph at the part's texels; its border is repeated outside.

        Args:
            positions: (h + 2, w + 2, 2) in the photograph, of the part and the texels around it.
            weight: (G, G).
        """
        scale, low = np.asarray(self._scale, np.float32), np.asarray(self._low, np.float32)
        local = positions * scale
        local += (0.5 - low) * scale - np.float32(0.5)
        part = self._part
        # Fixed-point positions (1/32 pixel) halve the time.
        whole, fraction = cv2.convertMaps(part.enlarged(local, self._size), _NO_MAP, cv2.CV_16SC2)
        mapped = cv2.remap(
            self._window, whole, fraction, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        image = np.asarray(mapped, np.uint8)
        side = min(_FILL_SIDE, self._size)
        small = np.zeros((side, side, 3), np.uint8)
        coarse = part.of(side)
        coarse.cut(small)[:] = cv2.resize(image, coarse.size_wh, interpolation=cv2.INTER_AREA)
        return _Layer(part, image, small, weight)


def _feathered(seen: FloatArray) -> FloatArray:
    """(G, G) weight, which goes over to 0 inside the border of what is seen."""
    side = max(3, _FEATHER * len(seen) // _GRID_SIDE | 1)
    blurred = np.asarray(cv2.blur(seen, (side, side)), np.float32)
    # 0 where half of the neighbourhood is unseen.
    return np.clip(blurred * 2 - 1, 0, 1)


def _twin_weight(
    own: FloatArray, atlas: UvAtlas, seen: NDArray[np.bool_], model: MorphableModel
) -> FloatArray | None:
    """(G, G) weight of what the photograph gives for each texel's mirror image; None: no mirror."""
    if not len(model.mirror):
        return None
    if atlas.symmetric:
        return np.asarray(cv2.flip(own, 1), np.float32)
    return _feathered(atlas.values(seen[model.mirror]))


def _twin(
    own: _Layer,
    weight: FloatArray,
    photo: _Photo,
    atlas: UvAtlas,
    points: NDArray[np.float64],
    model: MorphableModel,
) -> _Layer:
    """For each texel what the photograph gives for its mirror image."""
    if atlas.symmetric:  # and so is the part, which holds both
        image, small = (np.asarray(cv2.flip(each, 1), np.uint8) for each in (own.image, own.small))
        return _Layer(own.part, image, small, weight)
    return photo.layer(atlas.positions(points[model.mirror, :2], own.part.widened()), weight)


def _with_own_light(own: _Layer, twin: _Layer, size: int) -> Image:
    """The mirror image plus the difference of light, known where both sides are seen."""
    a, b = _shrunk(own.small, _LIGHT_SIDE), _shrunk(twin.small, _LIGHT_SIDE)
    both = _shrunk(own.weight, _LIGHT_SIDE) * _shrunk(twin.weight, _LIGHT_SIDE)
    light = cv2.GaussianBlur(smooth_fill(a - b, both), (0, 0), _LIGHT_SIDE / 32)
    shift = np.rint(np.clip(light, -128, 127) + 128).astype(np.uint8)
    shift = _enlarged(shift, own.part.of(_LIGHT_SIDE), size)
    return np.asarray(cv2.addWeighted(twin.image, 1, shift, 1, -128), np.uint8)


def _smooth(own: _Layer, twin: _Layer | None, size: int) -> Image:
    """The known colours spread over the rest, (S, S, 3) at the texture's size."""
    side = len(own.small)
    colours, weight = own.small.astype(np.float32), _shrunk(own.weight, side)
    if twin is not None:
        share, other = weight[..., None], _shrunk(twin.weight, side)
        colours = colours * share + twin.small * (1 - share)
        weight = np.maximum(weight, other)
    filled = nearest_fill(colours, weight, side / 24)
    small = np.rint(filled).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def _blended(over: Image, under: Image, weight: FloatArray) -> Image:
    """`over` by its weight, `under` by the rest."""
    return np.asarray(cv2.blendLinear(over, under, weight, 1 - weight), np.uint8)


def _shrunk(array: Image | FloatArray, side: int) -> FloatArray:
    small = cv2.resize(array, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _enlarged(grid: Texels, part: AtlasPart, side: int) -> Texels:
    """A part of an array of a grid, interpolated for a finer one."""
    return part.enlarged(part.widened().cut(grid), side)
