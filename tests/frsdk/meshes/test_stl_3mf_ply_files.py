"""STL, 3MF and PLY files, parsed back from their bytes."""

from __future__ import annotations

import importlib.util
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.errors import MissingDependencyError
from frsdk.meshes.mesh_files import write_mesh


def test_stl_holds_the_shape(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    write_mesh(tmp_path / "a.stl", mesh.vertices, mesh.triangles)
    content = (tmp_path / "a.stl").read_bytes()
    table = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    rows = np.frombuffer(content, table, offset=84)
    assert struct.unpack_from("<I", content, 80) == (len(mesh.triangles),)
    expected = ((mesh.vertices - (100, 50, 0)) * (1, -1, 1))[mesh.triangles]
    np.testing.assert_allclose(rows["corners"], expected, atol=1e-4)


def test_3mf_reads_back_or_names_what_it_needs(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere()
    path = tmp_path / "a.3mf"
    missing = [name for name in ("networkx", "lxml") if importlib.util.find_spec(name) is None]
    if missing:
        with pytest.raises(MissingDependencyError, match=f"{missing[0]}: pip install"):
            write_mesh(path, mesh.vertices, mesh.triangles)
        return
    write_mesh(path, mesh.vertices, mesh.triangles)
    with zipfile.ZipFile(path) as archive:
        (model,) = [name for name in archive.namelist() if name.endswith(".model")]
        text = archive.read(model).decode()
    assert len(re.findall("<[a-z]*:?triangle ", text)) == len(mesh.triangles)
    assert len(re.findall("<[a-z]*:?vertex ", text)) == len(mesh.vertices)


def test_ply(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    write_mesh(tmp_path / "a.ply", mesh.vertices, mesh.triangles, colours=colours)
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    lines = header.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert f"element vertex {len(mesh.vertices)}" in lines
    assert not {"property float s", "property float t"} & set(lines)
    properties = [line.split()[1:] for line in lines if line.startswith("property ")]
    sizes = {"float": "<f4", "uchar": "u1"}
    kinds = np.dtype([(name, sizes[kind]) for kind, name in properties[:-1]])
    assert properties[-1][:3] == ["list", "uchar", "int"]
    table = np.frombuffer(body, kinds, len(mesh.vertices))
    xyz = np.stack([table[name] for name in "xyz"], axis=1)
    np.testing.assert_allclose(xyz, (mesh.vertices - (100, 50, 0)) * (1, -1, 1), atol=1e-4)
    rgb = np.stack([table[name] for name in ("red", "green", "blue")], axis=1)
    np.testing.assert_array_equal(rgb, colours)
    faces = np.frombuffer(body, [("n", "u1"), ("i", "<i4", 3)], offset=table.nbytes)
    assert (faces["n"] == 3).all()
    np.testing.assert_array_equal(faces["i"], mesh.triangles)
