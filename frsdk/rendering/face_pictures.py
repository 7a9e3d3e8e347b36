"""Depth, normals, PNCC, mask and texture coordinates of faces, from one z-buffer pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..meshes.mesh_arrays import IndexArray, unit_vertex_normals
from .surface_buffer import surface_buffer

if TYPE_CHECKING:
    from ..morphable.morphable_model import MorphableModel

FloatArray = NDArray[np.float32]


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

    The surface is found once; each picture is interpolated from it when it is first asked for.
    Where several faces overlap, the one that is larger (nearer, for equal heads) is in front.
    """

    def __init__(self, faces: Sequence[PicturedFace], size_wh: tuple[int, int]) -> None:
        """Find the surface.

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
        points, corners, self._owner = _joined(faces)
        self._faces = tuple(faces)
        self._buffer = surface_buffer(points, corners, size_wh)

    @cached_property
    def face_ids(self) -> NDArray[np.int16]:
        """(H, W) int16, which face, by its place in the list; -1: none."""
        width, height = self._buffer.size_wh
        ids = np.full(width * height, -1, np.int16)
        ids[self._buffer.pixels] = self._owner[self._buffer.vertex_ids[0]]
        return ids.reshape(height, width)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, true where there is a face."""
        return self._buffer.mask

    @cached_property
    def depth_px(self) -> FloatArray:
        """(H, W) float32, z in image pixels as in `Face.vertices`; NaN: no face.

        Positive toward the camera.
        """
        return self._picture([face.vertices[:, 2:] for face in self._faces], 1, np.nan)[..., 0]

    @cached_property
    def depth_mm(self) -> FloatArray:
        """(H, W) float32, millimetres toward the camera from the origin of the own head.

        It holds for the eye distance that was assumed, and compares points of one face, not of
        two. NaN: no face.
        """
        depths = [
            (face.vertices[:, 2:] - np.float32(face.origin_z_px)) * np.float32(face.mm_per_px)
            for face in self._faces
        ]
        return self._picture(depths, 1, np.nan)[..., 0]

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
        x, y, z = self._channels(own, 3)
        length = np.maximum(np.sqrt(x * x + y * y + z * z), np.float32(1e-12))
        return self._buffer.picture([x / length, -y / length, z / length], 0)

    @cached_property
    def pncc(self) -> FloatArray:
        """(H, W, 3) float32, the projected normalised coordinate code; zeros: no face.

        The x, y (up) and z of the mean shape's point that is seen there, each axis brought to
        0..1 over the whole mean shape (Zhu et al., CVPR 2016, eq. 5 and 6).
        """
        return self._picture([coordinate_code(face.model) for face in self._faces], 3, 0)

    @cached_property
    def uv(self) -> FloatArray:
        """(H, W, 2) float32 texture coordinates, u right, v up.

        NaN: no face, or a face model without `uv`.
        """
        layouts = [
            face.model.uv if len(face.model.uv) else np.full((len(face.vertices), 2), np.nan)
            for face in self._faces
        ]
        return self._picture(layouts, 2, np.nan)

    def _picture(
        self, values: Sequence[NDArray[np.floating]], channels: int, empty: float
    ) -> FloatArray:
        return self._buffer.picture(self._channels(values, channels), empty)

    def _channels(self, values: Sequence[NDArray[np.floating]], count: int) -> list[FloatArray]:
        """Values (N, C) of each face's vertices at the covered pixels: C times (P,)."""
        if not values:
            return [np.zeros(0, np.float32)] * count
        return [
            self._buffer.interpolated(np.concatenate([each[:, k] for each in values]))
            for k in range(count)
        ]


def _joined(
    faces: Sequence[PicturedFace],
) -> tuple[NDArray[np.float64], IndexArray, NDArray[np.int16]]:
    """One mesh of all faces, the farther ones moved back behind the nearer, and whose each is."""
    points: list[NDArray[np.float64]] = []
    behind = 0.0
    for number in np.argsort([-face.scale for face in faces], kind="stable"):
        own = np.array(faces[number].vertices, np.float64)
        own[:, 2] += behind - own[:, 2].max()
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
    return np.concatenate([np.zeros((0, 3)), *placed]), corners, owner


def coordinate_code(model: MorphableModel) -> FloatArray:
    """(N, 3) normalised coordinate code of the mean shape (Zhu et al., CVPR 2016, eq. 5)."""
    mean = model.mean
    low = mean.min(axis=0)
    return np.asarray((mean - low) / np.maximum(np.ptp(mean, axis=0), 1e-12), np.float32)
