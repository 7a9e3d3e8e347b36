"""All faces of a photograph in one GLB, the photograph standing behind them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..imaging.face_crop import check_image
from ..meshes.mesh_arrays import FileMesh
from ..storage.atomic_write import atomic_write
from .face_mesh import mesh_of_face
from .face_protocol import listed_faces

if TYPE_CHECKING:
    from .face_protocol import ReconstructedFace

Image = NDArray[np.uint8]

_LARGEST_PICTURE = 4096  # a side that every WebGL device takes
_GAP = 0.02  # of the photograph's longer side, between the farthest point and the photograph


def write_scene(
    path: str | os.PathLike[str],
    faces: Sequence[ReconstructedFace],
    image_bgr: Image,
    *,
    texture_size: int = 1024,
) -> None:
    """Write all faces of a photograph where they are in it, with the photograph behind them.

    The file's frame is the photograph's: the origin is its middle, x right, y up, z toward the
    viewer, one unit a pixel (the nodes scale it by 0.001, because glTF counts in metres). Its
    nodes are `photograph`, `face 0`, `face 1` ... in the order of the faces.

    Args:
        path: `.glb`; an existing file is replaced.
        faces: Of this photograph; none leaves the photograph alone.
        image_bgr: (H, W, 3) uint8.
        texture_size: Texels of a side of each face.

    Raises:
        InputError: Another suffix, an unusable image, no list of faces, or a face model without
            triangles.
        OutputError: The file cannot be written.
    """
    if Path(path).suffix.lower() != ".glb":
        raise InputError(f"cannot write a scene to {os.fspath(path)}: expected .glb")
    from ..meshes.glb_obj_ply_export import glb_from_meshes

    image = check_image(image_bgr)
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2, 0.0)
    meshes = {
        f"face {number}": mesh_of_face(face, image, texture_size=texture_size, centre=centre)
        for number, face in enumerate(listed_faces(faces))
    }
    lowest = min((float(mesh.positions[:, 2].min()) for mesh in meshes.values()), default=0.0)
    wall = _photograph(image, lowest - _GAP * max(width, height))
    atomic_write(path, glb_from_meshes({"photograph": wall, **meshes}, unit="image pixel"))


def _photograph(image: Image, z: float) -> FileMesh:
    """The photograph as two triangles, its pixels where the faces' are."""
    height, width = image.shape[:2]
    x, y = width / 2, height / 2  # pixel 0 covers half a pixel beyond its centre
    shrink = min(1.0, _LARGEST_PICTURE / max(width, height))
    if shrink < 1:
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return FileMesh(
        positions=np.array([(-x, -y, z), (x, -y, z), (x, y, z), (-x, y, z)], np.float32),
        normals=np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        triangles=np.array([(0, 1, 2), (0, 2, 3)], np.int32),
        uv=np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32),
        texture_bgr=image,
    )
