"""Meshes into GLB, OBJ or PLY files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..storage.atomic_write import atomic_write
from .glb_bytes import glb_from_mesh
from .mesh_arrays import FileMesh, checked_mesh, unit_vertex_normals

_LARGEST = 1e18  # its squares and differences stay within float32


def write_mesh(
    path: str | os.PathLike[str],
    vertices: ArrayLike,
    triangles: ArrayLike,
    *,
    colours: ArrayLike | None = None,
    uv: ArrayLike | None = None,
) -> None:
    """Write a face's mesh; the suffix chooses the format.

    Files are right-handed with y up and z toward the viewer: (x, -y, z) of the image's pixels,
    moved so that the centre of the mesh's box is the origin. One unit is one image pixel; a GLB's
    node scales it by 0.001, because glTF counts in metres. GLB and OBJ carry normals, colours and
    texture coordinates, PLY (binary, little endian) as well. GLB colours are linear light, as
    glTF asks; OBJ (six-number `v` lines) and PLY keep the sRGB values. The file is complete or is
    not there.

    Args:
        path: `.glb`, `.obj` or `.ply`.
        vertices: (N, 3) image pixels, x right, y down, z toward the camera.
        triangles: (M, 3) vertex indices, counter-clockwise seen from outside in a y-up frame.
        colours: (N, 3) uint8 RGB.
        uv: (N, 2) in the unit square, u right, v up.

    Raises:
        InputError: Another suffix, no triangles, or arrays of a wrong shape, type or range.
        OutputError: The file cannot be written.
    """
    encode = _ENCODERS.get(Path(path).suffix.lower())
    if encode is None:
        known = ", ".join(_ENCODERS)
        raise InputError(f"cannot write a mesh to {os.fspath(path)}: expected one of {known}")
    atomic_write(Path(path), encode(_file_mesh(vertices, triangles, colours, uv)))


def _file_mesh(
    vertices: ArrayLike, triangles: ArrayLike, colours: ArrayLike | None, uv: ArrayLike | None
) -> FileMesh:
    points, corners = checked_mesh(vertices, triangles)
    if not len(corners):
        raise InputError(
            "the face model has no triangles, so there is no mesh to write: use a dense face model"
        )
    if np.abs(points).max() > _LARGEST:
        raise InputError(f"expected vertices within {_LARGEST:g}, which mesh files can hold")
    normals = unit_vertex_normals(points, corners)
    normals[~normals.any(axis=1)] = (0.0, 0.0, 1.0)  # a vertex of no triangle: glTF wants length 1
    up = np.array([1.0, -1.0, 1.0])  # y down -> y up; + 0.0 below: no negative zeros
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    return FileMesh(
        positions=((points - centre) * up + 0.0).astype(np.float32),
        normals=(normals * up + 0.0).astype(np.float32),
        triangles=corners.astype(np.uint32),
        colours=_checked_colours(colours, len(points)),
        uv=_checked_uv(uv, len(points)),
    )


def _checked_colours(colours: ArrayLike | None, count: int) -> NDArray[np.uint8] | None:
    if colours is None:
        return None
    rgb = np.asarray(colours)
    if rgb.shape != (count, 3) or rgb.dtype != np.uint8:
        raise InputError(f"expected colours ({count}, 3) uint8, got {rgb.shape} {rgb.dtype}")
    return rgb


def _checked_uv(uv: ArrayLike | None, count: int) -> NDArray[np.float32] | None:
    if uv is None:
        return None
    coordinates = np.asarray(uv, np.float32)
    if coordinates.size == 0:  # a face model without texture coordinates has (0, 2)
        return None
    if coordinates.shape != (count, 2) or not np.isfinite(coordinates).all():
        raise InputError(f"expected finite uv of shape ({count}, 2), got {coordinates.shape}")
    return coordinates


def obj_from_mesh(mesh: FileMesh) -> bytes:
    """A Wavefront OBJ file; colours follow the position on the `v` line, 0..1."""
    lines = ["# frsdk face mesh: y up, z toward the viewer, unit = 1 image pixel", "o face"]
    if mesh.colours is None:
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.positions.tolist()]
    else:
        rows = np.concatenate([mesh.positions, mesh.colours / 255], axis=1).tolist()
        lines += [f"v {x:.4f} {y:.4f} {z:.4f} {r:.4f} {g:.4f} {b:.4f}" for x, y, z, r, g, b in rows]
    if mesh.uv is not None:
        lines += [f"vt {u:.6f} {v:.6f}" for u, v in mesh.uv.tolist()]
    lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.normals.tolist()]
    corner = "{0}//{0}" if mesh.uv is None else "{0}/{0}/{0}"
    names = [corner.format(i + 1) for i in range(len(mesh.positions))]
    lines += [f"f {names[a]} {names[b]} {names[c]}" for a, b, c in mesh.triangles.tolist()]
    return ("\n".join(lines) + "\n").encode()


def ply_from_mesh(mesh: FileMesh) -> bytes:
    """A binary little-endian PLY file."""
    fields: list[tuple[str, str, NDArray[np.generic]]] = [
        (name, "<f4", mesh.positions[:, k]) for k, name in enumerate("xyz")
    ]
    fields += [(name, "<f4", mesh.normals[:, k]) for k, name in enumerate(("nx", "ny", "nz"))]
    if mesh.colours is not None:
        names = ("red", "green", "blue")
        fields += [(name, "u1", mesh.colours[:, k]) for k, name in enumerate(names)]
    if mesh.uv is not None:
        fields += [(name, "<f4", mesh.uv[:, k]) for k, name in enumerate("st")]
    table = np.empty(len(mesh.positions), [(name, kind) for name, kind, _ in fields])
    for name, _, values in fields:
        table[name] = values
    faces = np.empty(len(mesh.triangles), [("count", "u1"), ("corners", "<i4", (3,))])
    faces["count"], faces["corners"] = 3, mesh.triangles
    types = {"<f4": "float", "u1": "uchar"}
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment frsdk face mesh: y up, z toward the viewer, unit = 1 image pixel",
        f"element vertex {len(table)}",
        *(f"property {types[kind]} {name}" for name, kind, _ in fields),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode() + table.tobytes() + faces.tobytes()


_ENCODERS: dict[str, Callable[[FileMesh], bytes]] = {
    ".glb": glb_from_mesh,
    ".obj": obj_from_mesh,
    ".ply": ply_from_mesh,
}
MESH_SUFFIXES = tuple(_ENCODERS)
