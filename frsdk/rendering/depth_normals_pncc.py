"""Depth, normals, PNCC, mask and texture coordinates of faces, by z-buffer."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import IndexArray, unit_vertex_normals
from .surface_buffer import SurfaceView

if TYPE_CHECKING:
    from ..morphable.morphable_model import MorphableModel

FloatArray = NDArray[np.float32]

_NONE = np.zeros((0, 3), np.float32)  # so that no face at all can be joined too
_ROWS = 32


@dataclass(frozen=True, slots=True, eq=False)
class PicturedFace:
    """A face as the pictures need it.

    Attributes:
        vertices: (N, 3) image pixels: x right, y down, z toward the camera.
        model: Its face model, with triangles.
        origin_z_px: Image z of the head's origin.
        mm_per_px: Millimetres of a pixel.
        scale: Pixels per unit of the model: the face with the larger one is nearer.
    """

    vertices: FloatArray
    model: MorphableModel
    origin_z_px: float
    mm_per_px: float
    scale: float


class FacePictures:
    """What each pixel of a photograph shows of its faces; all pictures have the photograph's size.

    Each picture is made when it is first asked for; all show the same surface. Where several faces
    overlap, the one that is larger (nearer, for equal heads) is in front.
    """

    def __init__(self, faces: Sequence[PicturedFace], size_wh: tuple[int, int]) -> None:
        """Take the faces.

        Args:
            faces: Their models may differ.
            size_wh: Width, height of the photograph.

        Raises:
            InputError: A face model without triangles, or an empty picture.
        """
        for face in faces:
            if not len(face.model.triangles):
                raise InputError(
                    f"the face model {face.model.name} has no triangles, so there is no surface "
                    "to render: use a dense face model"
                )
        width, height = size_wh
        if width < 1 or height < 1:
            raise InputError(f"expected a picture of at least 1x1 pixels, got {width}x{height}")
        self._faces, self._size_wh = tuple(faces), (width, height)
        self._points, self._corners, self._owner, self._moved = _joined(faces)

    @cached_property
    def _view(self) -> SurfaceView:
        return SurfaceView(self._points, self._corners, self._size_wh)

    @cached_property
    def face_ids(self) -> NDArray[np.int16]:
        """(H, W) int16, which face, by its place in the list; -1: none."""
        if len(self._faces) == 1:
            return np.where(self.mask, np.int16(0), np.int16(-1))
        owner = self._view.picture(self._owner[:, None].astype(np.float32), -1)
        return np.rint(owner[..., 0]).astype(np.int16)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, true where there is a face."""
        return np.asarray(self._view.depth > -np.inf)

    @cached_property
    def depth_px(self) -> FloatArray:
        """(H, W) float32, z in image pixels as in `Face.vertices`; NaN: no face.

        Positive toward the camera.
        """
        return self._z(np.ones(len(self._faces)), self._moved)

    @cached_property
    def depth_mm(self) -> FloatArray:
        """(H, W) float32, millimetres toward the camera from the origin of the own head.

        It holds for the eye distance that was assumed, and compares points of one face, not of
        two. NaN: no face.
        """
        origins = np.array([face.origin_z_px for face in self._faces])
        scales = np.array([face.mm_per_px for face in self._faces])
        return self._z(scales, self._moved + origins)

    def _z(self, scale: NDArray[np.float64], origin: NDArray[np.float64]) -> FloatArray:
        """(z of the joined mesh - origin) * scale, by the numbers of each face."""
        depth = np.where(self.mask, self._view.depth, np.float32(np.nan))
        if len(self._faces) == 1:
            depth -= np.float32(origin[0])
            depth *= np.float32(scale[0])
        elif len(self._faces):
            ids = self.face_ids
            depth -= origin.astype(np.float32)[ids]
            depth *= scale.astype(np.float32)[ids]
        return depth

    @cached_property
    def relative_depth(self) -> FloatArray:
        """(H, W) float32: 0 at the farthest point that is seen of each face, 1 at its nearest.

        NaN: no face.
        """
        relative = np.full(self.depth_px.shape, np.nan, np.float32)
        for number in range(len(self._faces)):
            chosen = self.face_ids == number
            if chosen.any():
                z = self.depth_px[chosen]
                relative[chosen] = (z - z.min()) / max(float(np.ptp(z)), 1e-6)
        return relative

    @cached_property
    def normals(self) -> FloatArray:
        """(H, W, 3) float32, unit length: x right, y up, z toward the camera; zeros: no face."""
        own = [
            unit_vertex_normals(
                np.asarray(face.vertices, np.float64), face.model.triangles.astype(np.intp)
            )
            for face in self._faces
        ]
        normals = self._view.picture(np.concatenate([_NONE, *own]), 0)
        return _unit_y_up(normals, self.mask)

    @cached_property
    def pncc(self) -> FloatArray:
        """(H, W, 3) float32, the projected normalised coordinate code; zeros: no face.

        The x, y (up) and z of the mean shape's point that is seen there, each axis brought to
        0..1 over the whole mean shape (Zhu et al., CVPR 2016, eq. 5 and 6).
        """
        codes = [coordinate_code(face.model) for face in self._faces]
        return self._view.picture(np.concatenate([_NONE, *codes]), 0)

    @cached_property
    def uv(self) -> FloatArray:
        """(H, W, 2) float32 texture coordinates, u right, v up.

        NaN: no face, or a face model without `uv`.
        """
        layouts = [
            face.model.uv if len(face.model.uv) else np.full((len(face.vertices), 2), np.nan)
            for face in self._faces
        ]
        joined = np.zeros((len(self._points), 3), np.float32)  # the third is left out again
        joined[:, :2] = np.concatenate([_NONE[:, :2], *layouts])
        return np.ascontiguousarray(self._view.picture(joined, np.nan)[..., :2])


def _unit_y_up(normals: FloatArray, mask: NDArray[np.bool_]) -> FloatArray:
    """(H, W, 3) normals of y down, to unit length and y up, in place."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    for top in range(y, y + height, _ROWS):  # blocks that stay in the cache
        block = normals[top : min(top + _ROWS, y + height), x : x + width]
        squared = cv2.transform(cv2.multiply(block, block), np.ones((1, 3)))
        length = np.sqrt(np.asarray(squared, np.float32))
        share = 1 / np.maximum(length, np.float32(1e-12))
        # Three equal planes: a tenth of the time of broadcasting one.
        block[:] = cv2.multiply(block, cv2.merge([share, -share, share]))
    return normals


def _joined(
    faces: Sequence[PicturedFace],
) -> tuple[NDArray[np.float64], IndexArray, NDArray[np.int16], NDArray[np.float64]]:
    """One mesh of all faces, the farther moved back behind the nearer; whose each is; the moves."""
    points: list[NDArray[np.float64]] = []
    moves = np.zeros(len(faces))
    behind = 0.0
    for number in np.argsort([-face.scale for face in faces], kind="stable"):
        own = np.array(faces[number].vertices, np.float64)
        moves[number] = behind - own[:, 2].max()
        own[:, 2] += moves[number]
        behind = float(own[:, 2].min()) - 1
        points.append(own)
    order = np.argsort(np.argsort([-face.scale for face in faces], kind="stable"))
    placed = [points[k] for k in order]
    sizes = [len(own) for own in placed]
    starts = np.cumsum([0, *sizes])
    none = np.zeros((0, 3), np.intp)
    triangles = [face.model.triangles + start for face, start in zip(faces, starts, strict=False)]
    owner = np.repeat(np.arange(len(faces), dtype=np.int16), sizes)
    corners = np.concatenate([none, *triangles]).astype(np.intp)
    return np.concatenate([np.zeros((0, 3)), *placed]), corners, owner, moves


@functools.lru_cache(maxsize=4)
def coordinate_code(model: MorphableModel) -> FloatArray:
    """(N, 3) normalised coordinate code of the mean shape (Zhu et al., CVPR 2016, eq. 5)."""
    mean = model.mean
    low = mean.min(axis=0)
    return np.asarray((mean - low) / np.maximum(np.ptp(mean, axis=0), 1e-12), np.float32)
