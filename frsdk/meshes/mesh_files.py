"""Meshes into GLB, OBJ, PLY, STL or 3MF files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..storage.atomic_write import atomic_write
from ..storage.path_kinds import exists
from .mesh_arrays import FileMesh, checked_mesh, unit_vertex_normals
from .mesh_formats import MESH_SUFFIXES

Frame = Literal["image", "model"]

_LARGEST = 1e18  # its squares and differences stay within float32


def write_mesh(
    path: str | os.PathLike[str],
    vertices: ArrayLike,
    triangles: ArrayLike,
    *,
    colours: ArrayLike | None = None,
    uv: ArrayLike | None = None,
    texture_bgr: NDArray[np.uint8] | None = None,
    frame: Frame = "image",
) -> None:
    """Write a face's mesh; the suffix chooses the format.

    Files are right-handed: x right, y up, z toward the viewer. The image's pixels become
    (x, -y, z), moved so that the centre of the mesh's box is the origin; the model's frame is kept
    as it is. One unit of the file is one pixel or one unit of the model ("nominal mm"); a GLB's
    node scales it by 0.001, because glTF counts in metres. GLB colours of vertices are linear
    light, as glTF asks; OBJ (six-number `v` lines) and PLY keep the sRGB values. An OBJ with a
    texture has an `.mtl` and a `.png` beside it. Texture coordinates without a texture are not
    written: viewers would show one grey instead of the colours. STL and 3MF hold the shape alone.
    The file is complete or is not there.

    Args:
        path: `.glb`, `.obj`, `.ply`, `.stl` or `.3mf`.
        vertices: (N, 3), in the frame that `frame` names.
        triangles: (M, 3) vertex indices, counter-clockwise seen from outside in a y-up frame.
        colours: (N, 3) uint8 RGB.
        uv: (N, 2) in the unit square, u right, v up; written with a texture only.
        texture_bgr: (S, S, 3) uint8 BGR, row 0 at v = 1, for GLB and OBJ; it needs `uv`.
        frame: `"image"` for image pixels (x right, y down, z toward the camera), as
            `Face.vertices` has them; `"model"` for the face model's own frame (x right, y up, z
            toward the camera), as `Face.frontal_vertices` and
            `MorphableModel.shape_from_coefficients` have them.

    Raises:
        InputError: Another suffix, no triangles, or arrays of a wrong shape, type or range.
        MissingDependencyError: 3MF needs networkx and lxml.
        OutputError: The file cannot be written.
    """
    check_suffix(path)
    mesh = file_mesh(
        vertices, triangles, colours=colours, uv=uv, texture_bgr=texture_bgr, frame=frame
    )
    write_file_mesh(path, mesh, frame)


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a mesh file in small letters.

    Raises:
        InputError: It is none of `MESH_SUFFIXES`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in MESH_SUFFIXES:
        known = ", ".join(MESH_SUFFIXES)
        raise InputError(f"cannot write a mesh to {os.fspath(path)}: expected one of {known}")
    return suffix


def write_file_mesh(path: str | os.PathLike[str], mesh: FileMesh, frame: Frame) -> None:
    """Write a mesh that was checked before; `frame` is where its units come from.

    Raises:
        InputError, MissingDependencyError, OutputError: As in `write_mesh`.
    """
    from .glb_obj_ply_export import mesh_content

    content = mesh_content(mesh, check_suffix(path), Path(path).stem, frame)
    _write_together(Path(path), content)


def _write_together(path: Path, content: dict[str, bytes]) -> None:
    """Write the mesh last, after what it refers to; a failure leaves nothing new behind."""
    new: list[Path] = []
    try:
        for name, data in content.items():
            target = path.parent / name if name else path
            before = exists(target)
            atomic_write(target, data)
            new += [] if before else [target]
    except BaseException:
        for target in new:
            target.unlink(missing_ok=True)
        raise


def file_mesh(
    vertices: ArrayLike,
    triangles: ArrayLike,
    *,
    colours: ArrayLike | None = None,
    uv: ArrayLike | None = None,
    texture_bgr: NDArray[np.uint8] | None = None,
    frame: Frame = "image",
    centre: ArrayLike | None = None,
) -> FileMesh:
    """Checked arrays in a file's frame; see `write_mesh`.

    Args:
        vertices: (N, 3).
        triangles: (M, 3).
        colours: (N, 3) uint8 RGB.
        uv: (N, 2).
        texture_bgr: (S, S, 3) uint8.
        frame: Of the vertices.
        centre: (3,) point of the image that becomes the origin; None: the middle of the mesh's box.

    Raises:
        InputError: As in `write_mesh`.
    """
    if frame not in ("image", "model"):
        raise InputError(f"expected frame 'image' or 'model', got {frame!r}")
    points, corners = checked_mesh(vertices, triangles)
    if not len(corners):
        raise InputError(
            "the face model has no triangles, so there is no mesh to write: use a dense face model"
        )
    if np.abs(points).max() > _LARGEST:
        raise InputError(f"expected vertices within {_LARGEST:g}, which mesh files can hold")
    up = np.array([1.0, -1.0, 1.0])
    if frame == "model":
        points = points * up  # to the image's frame, which the normals are computed in
        origin = np.zeros(3)
    elif centre is None:
        origin = (points.min(axis=0) + points.max(axis=0)) / 2
    else:
        origin = np.asarray(centre, np.float64)
    normals = unit_vertex_normals(points, corners)
    normals[~normals.any(axis=1)] = (0.0, 0.0, 1.0)  # a vertex of no triangle: glTF wants length 1
    texture = _checked_texture(texture_bgr)
    coordinates = _checked_uv(uv, len(points))
    if texture is not None and coordinates is None:
        raise InputError("a texture needs uv: give the face model's uv with it")
    return FileMesh(
        positions=((points - origin) * up + 0.0).astype(np.float32),  # + 0.0: no negative zeros
        normals=(normals * up + 0.0).astype(np.float32),
        triangles=corners.astype(np.int32),
        colours=_checked_colours(colours, len(points)),
        uv=None if texture is None else coordinates,
        texture_bgr=texture,
    )


def _checked_colours(colours: ArrayLike | None, count: int) -> NDArray[np.uint8] | None:
    if colours is None:
        return None
    rgb = np.asarray(colours)
    if rgb.shape != (count, 3) or rgb.dtype != np.uint8:
        raise InputError(f"expected colours ({count}, 3) uint8, got {rgb.shape} {rgb.dtype}")
    return rgb


def _checked_texture(texture: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    if texture is None:
        return None
    picture = np.asarray(texture)
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size or picture.dtype != np.uint8:
        raise InputError(f"expected a texture (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
    return picture


def _checked_uv(uv: ArrayLike | None, count: int) -> NDArray[np.float32] | None:
    if uv is None:
        return None
    coordinates = np.asarray(uv, np.float32)
    if coordinates.size == 0:  # a face model without texture coordinates has (0, 2)
        return None
    if coordinates.shape != (count, 2) or not np.isfinite(coordinates).all():
        raise InputError(f"expected finite uv of shape ({count}, 2), got {coordinates.shape}")
    return coordinates
