"""Read MakeHuman's files: meshes (.obj), targets (.target) and fitted meshes (.mhclo)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .render_sources import damaged

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ObjMesh:
    """Triangles of an .obj file; faces with more corners are split into fans.

    Attributes:
        vertices: (n, 3) float32.
        texture: (m, 2) float32 texture coordinates, v up.
        triangles: (k, 3) vertices of each triangle.
        texture_triangles: (k, 3) texture coordinates of its corners.
        group: (k,) name of the triangle's group.
    """

    vertices: FloatArray
    texture: FloatArray
    triangles: IndexArray
    texture_triangles: IndexArray
    group: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Moves some vertices: ``vertices[index] += weight * move``."""

    index: IndexArray
    move: FloatArray

    def add_to(self, vertices: FloatArray, weight: float | FloatArray) -> None:
        """Move vertices (n, 3) in place; a weight for each moved vertex is (k, 1)."""
        vertices[self.index] += weight * self.move


@dataclass(frozen=True, slots=True, eq=False)
class FittedMesh:
    """A mesh that hangs on the body's vertices (MakeHuman's .mhclo).

    Attributes:
        mesh: Its triangles; the vertices stand where the fit puts them.
        reference: (n, 3) body vertices of each vertex.
        share: (n, 3) their weights.
        offset: (n, 3) added after scaling.
        scale: For x, y, z: two body vertices and their distance at scale 1, or None.
    """

    mesh: ObjMesh
    reference: IndexArray
    share: FloatArray
    offset: FloatArray
    scale: tuple[tuple[int, int, float] | None, ...]

    def fit(self, body: FloatArray) -> FloatArray:
        """(n, 3) vertices on a body (m, 3)."""
        factors = np.ones(3, np.float32)
        for axis, rule in enumerate(self.scale):
            if rule is not None:
                first, second, length = rule
                factors[axis] = abs(float(body[first, axis] - body[second, axis])) / length
        on_body = np.einsum("nk,nkj->nj", self.share, body[self.reference])
        return np.asarray(on_body + self.offset * factors, np.float32)


def read_obj(path: Path) -> ObjMesh:
    """Read a mesh.

    Raises:
        InputError: It is missing, damaged or empty.
    """
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    corners: list[tuple[list[int], list[int], str]] = []
    group = ""
    try:
        for words in _lines(path):
            if words[0] == "v":
                vertices.append([float(word) for word in words[1:4]])
            elif words[0] == "vt":
                texture.append([float(word) for word in words[1:3]])
            elif words[0] == "g":
                group = words[1] if len(words) > 1 else ""
            elif words[0] == "f":
                pairs = [word.split("/") for word in words[1:]]
                marks = [int(p[1]) - 1 if len(p) > 1 and p[1] else 0 for p in pairs]
                corners.append(([int(p[0]) - 1 for p in pairs], marks, group))
    except (ValueError, IndexError) as error:
        raise damaged(path, f"no readable mesh ({error})") from error
    fans = [
        ((a[0], a[i], a[i + 1]), (b[0], b[i], b[i + 1]), name)
        for a, b, name in corners
        for i in range(1, len(a) - 1)
    ]
    if not fans or max(max(fan[0]) for fan in fans) >= len(vertices):
        raise damaged(path, "a mesh without its triangles or vertices")
    return ObjMesh(
        np.array(vertices, np.float32),
        np.array(texture or [[0.0, 0.0]], np.float32),
        np.array([fan[0] for fan in fans]),
        np.array([fan[1] for fan in fans]),
        np.array([fan[2] for fan in fans]),
    )


def read_target(path: Path, vertices: int) -> Target:
    """Read a target (.target or .target.gz) of a body with this many vertices.

    Raises:
        InputError: It is missing, damaged or of another body.
    """
    text = _text(path)
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    try:
        numbers = np.array(" ".join(rows).split(), np.float32).reshape(len(rows), 4)
    except ValueError as error:
        raise damaged(path, "no readable target") from error
    index = numbers[:, 0].astype(np.int64)
    if len(index) and (index.min() < 0 or index.max() >= vertices):
        raise damaged(path, f"a target of a body with other than {vertices} vertices")
    return Target(index, np.ascontiguousarray(numbers[:, 1:]))


def read_fitted(path: Path, vertices: int) -> FittedMesh:
    """Read a .mhclo and the mesh beside it, for a body with this many vertices.

    Raises:
        InputError: One of the files is missing, damaged or of another body.
    """
    scale: list[tuple[int, int, float] | None] = [None, None, None]
    rows: list[list[float]] = []
    name, inside = "", False
    try:
        for words in _lines(path):
            if words[0] in ("x_scale", "y_scale", "z_scale"):
                rule = (int(words[1]), int(words[2]), float(words[3]))
                scale["xyz".index(words[0][0])] = rule
            elif words[0] == "obj_file":
                name = words[1]
            elif words[0] in ("verts", "delete_verts", "weights"):
                inside = words[0] == "verts"
            elif inside and words[0].isdecimal():  # names may stand between
                whole = [words[0]] * 3 + ["1", "0", "0", "0", "0", "0"]
                rows.append([float(word) for word in (whole if len(words) == 1 else words[:9])])
    except (ValueError, IndexError) as error:
        raise damaged(path, f"no readable fit ({error})") from error
    mesh = read_obj(path.parent / name) if name else None
    table = np.array(rows, np.float32).reshape(-1, 9)
    if mesh is None or len(table) != len(mesh.vertices):
        raise damaged(path, "a fit that does not belong to its mesh")
    reference = table[:, :3].astype(np.int64)
    if reference.max() >= vertices:
        raise damaged(path, f"a fit to a body with other than {vertices} vertices")
    return FittedMesh(mesh, reference, table[:, 3:6], table[:, 6:], tuple(scale))


def _lines(path: Path) -> Iterator[list[str]]:
    for line in _text(path).splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not readable"
        raise damaged(path, reason) from error
