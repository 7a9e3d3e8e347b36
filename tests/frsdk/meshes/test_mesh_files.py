"""Mesh files, parsed back from their bytes by code of their own."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError, OutputError
from frsdk.meshes.mesh_files import write_mesh

COMPONENTS = {5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


def parse_glb(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The document and the buffer of a GLB, with the container's rules checked."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    assert size % 4 == 0
    document = json.loads(content[20 : 20 + size])
    binary_size, binary_kind = struct.unpack_from("<I4s", content, 20 + size)
    assert binary_kind == b"BIN\0"
    assert binary_size % 4 == 0
    assert 28 + size + binary_size == len(content)
    buffer = content[28 + size :]
    assert 0 <= len(buffer) - document["buffers"][0]["byteLength"] < 4
    return document, buffer


def accessor(document: dict[str, Any], buffer: bytes, index: int) -> np.ndarray:
    """One accessor as an array (count, width)."""
    entry = document["accessors"][index]
    view = document["bufferViews"][entry["bufferView"]]
    assert view["byteOffset"] % 4 == 0
    kind, width = COMPONENTS[entry["componentType"]], WIDTHS[entry["type"]]
    values = np.frombuffer(buffer, kind, entry["count"] * width, view["byteOffset"])
    assert values.nbytes == view["byteLength"]
    return values.reshape(-1, width)


def outward_share(positions: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (positions[triangles[:, k]].astype(float) for k in range(3))
    normal = np.cross(b - a, c - a)
    used = np.linalg.norm(normal, axis=1) > 1e-3
    return float((np.sum(normal * (a + b + c), axis=1)[used] > 0).mean())


def test_glb(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    write_mesh(tmp_path / "a.glb", mesh.vertices, mesh.triangles, colours=colours, uv=uv)
    document, buffer = parse_glb((tmp_path / "a.glb").read_bytes())
    assert document["asset"]["version"] == "2.0"
    assert document["nodes"][0]["scale"] == [0.001] * 3
    primitive = document["meshes"][0]["primitives"][0]
    data = {
        name: accessor(document, buffer, index) for name, index in primitive["attributes"].items()
    }
    expected = (mesh.vertices - (100, 50, 0)) * (1, -1, 1)
    np.testing.assert_allclose(data["POSITION"], expected, atol=1e-4)
    bounds = document["accessors"][primitive["attributes"]["POSITION"]]
    assert bounds["min"] == data["POSITION"].min(axis=0).astype(float).tolist()
    assert bounds["max"] == data["POSITION"].max(axis=0).astype(float).tolist()
    np.testing.assert_allclose(np.linalg.norm(data["NORMAL"], axis=1), 1, atol=1e-5)
    assert (np.sum(data["NORMAL"] * data["POSITION"], axis=1) > 0).all()
    triangles = accessor(document, buffer, primitive["indices"]).reshape(-1, 3)
    np.testing.assert_array_equal(triangles, mesh.triangles)
    assert outward_share(data["POSITION"], triangles) == 1
    np.testing.assert_allclose(data["TEXCOORD_0"], np.c_[uv[:, 0], 1 - uv[:, 1]], atol=1e-6)
    # Linear light back to sRGB by the inverse curve.
    linear = data["COLOR_0"][:, :3] / 65535
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_array_equal(np.rint(srgb * 255).astype(int), colours)
    assert (data["COLOR_0"][:, 3] == 65535).all()
    assert document["accessors"][primitive["attributes"]["COLOR_0"]]["normalized"] is True
    assert document["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}
    assert document["extensionsUsed"] == ["KHR_materials_unlit"]


def test_glb_without_colours_is_lit_and_matte(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere()
    write_mesh(tmp_path / "a.glb", mesh.vertices, mesh.triangles, uv=np.zeros((0, 2)))
    document, _ = parse_glb((tmp_path / "a.glb").read_bytes())
    assert set(document["meshes"][0]["primitives"][0]["attributes"]) == {"POSITION", "NORMAL"}
    assert "extensionsUsed" not in document
    assert document["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] == 0


@pytest.mark.parametrize(("count", "component"), [(65534, 5123), (65535, 5125)])
def test_glb_index_width(tmp_path: Path, count: int, component: int) -> None:
    vertices = np.zeros((count, 3))
    vertices[-3:] = [(0, 0, 0), (0, 1, 0), (1, 0, 0)]
    write_mesh(tmp_path / "a.glb", vertices, [[count - 3, count - 2, count - 1]])
    document, buffer = parse_glb((tmp_path / "a.glb").read_bytes())
    index = document["meshes"][0]["primitives"][0]["indices"]
    assert document["accessors"][index]["componentType"] == component
    assert accessor(document, buffer, index).ravel().tolist() == [count - 3, count - 2, count - 1]
    attribute = document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"]
    normals = accessor(document, buffer, attribute)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)


def test_obj(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    write_mesh(tmp_path / "a.obj", mesh.vertices, mesh.triangles, colours=colours, uv=uv)
    rows: dict[str, list[list[str]]] = {}
    for line in (tmp_path / "a.obj").read_text().splitlines():
        kind, *values = line.split()
        rows.setdefault(kind, []).append(values)
    v = np.array(rows["v"], float)
    np.testing.assert_allclose(v[:, :3], (mesh.vertices - (100, 50, 0)) * (1, -1, 1), atol=1e-4)
    np.testing.assert_array_equal(np.rint(v[:, 3:] * 255), colours)
    np.testing.assert_allclose(np.array(rows["vt"], float), uv, atol=1e-6)
    assert len(rows["vn"]) == len(v)
    corners = [[tuple(map(int, corner.split("/"))) for corner in face] for face in rows["f"]]
    assert all(a == b == c for face in corners for a, b, c in face)
    triangles = np.array([[corner[0] - 1 for corner in face] for face in corners])
    np.testing.assert_array_equal(triangles, mesh.triangles)
    assert outward_share(v[:, :3], triangles) == 1


def test_obj_without_extras(tmp_path: Path) -> None:
    write_mesh(tmp_path / "a.obj", [[0, 0, 0], [0, 2, 0], [2, 0, 0]], [[0, 1, 2]])
    lines = (tmp_path / "a.obj").read_text().splitlines()
    assert "v -1.0000 1.0000 0.0000" in lines
    assert lines[-1] == "f 1//1 2//2 3//3"
    assert "vn 0.0000 0.0000 1.0000" in lines


def test_ply(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    write_mesh(tmp_path / "a.ply", mesh.vertices, mesh.triangles, colours=colours)
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    lines = header.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert f"element vertex {len(mesh.vertices)}" in lines
    properties = [line.split()[1:] for line in lines if line.startswith("property ")]
    sizes = {"float": "<f4", "uchar": "u1"}
    kinds = np.dtype([(name, sizes[kind]) for kind, name in properties[:-1]])
    assert properties[-1] == ["list", "uchar", "int", "vertex_indices"]
    table = np.frombuffer(body, kinds, len(mesh.vertices))
    xyz = np.stack([table[name] for name in "xyz"], axis=1)
    np.testing.assert_allclose(xyz, (mesh.vertices - (100, 50, 0)) * (1, -1, 1), atol=1e-4)
    rgb = np.stack([table[name] for name in ("red", "green", "blue")], axis=1)
    np.testing.assert_array_equal(rgb, colours)
    faces = np.frombuffer(body, [("n", "u1"), ("i", "<i4", 3)], offset=table.nbytes)
    assert (faces["n"] == 3).all()
    np.testing.assert_array_equal(faces["i"], mesh.triangles)


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply"])
def test_bytes_are_the_same_every_time(tmp_path: Path, make_sphere: Any, suffix: str) -> None:
    mesh = make_sphere()
    for name in ("a", "b"):
        write_mesh(tmp_path / f"{name}.{suffix}", mesh.vertices, mesh.triangles)
    first, second = (tmp_path / f"{name}.{suffix}" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


TRIANGLE = np.array([[0.0, 0, 0], [0, 2, 0], [2, 0, 0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"triangles": np.zeros((0, 3), int)}, "has no triangles"),
        ({"triangles": [[0, 1, 3]]}, r"indices in 0\.\.2, got 0\.\.3"),
        ({"triangles": [[0.0, 1.0, 2.0]]}, "of integers"),
        ({"vertices": TRIANGLE * np.nan}, "finite vertices"),
        ({"vertices": TRIANGLE[:, :2]}, r"shape \(N, 3\), got \(3, 2\)"),
        ({"colours": np.zeros((2, 3), np.uint8)}, r"colours \(3, 3\) uint8"),
        ({"colours": np.zeros((3, 3))}, "got .* float64"),
        ({"uv": np.zeros((2, 2))}, r"uv of shape \(3, 2\)"),
        (
            {"path": "a.stl"},
            r"cannot write a mesh to .*a\.stl: expected one of \.glb, \.obj, \.ply",
        ),
    ],
)
def test_bad_input(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    call: dict[str, Any] = {"path": "a.glb", "vertices": TRIANGLE, "triangles": [[0, 1, 2]]}
    call |= arguments
    with pytest.raises(InputError, match=message):
        write_mesh(tmp_path / call.pop("path"), call.pop("vertices"), call.pop("triangles"), **call)
    assert list(tmp_path.iterdir()) == []


def test_disk_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_mesh(tmp_path / "a.glb", TRIANGLE, [[0, 1, 2]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply"])
def test_numbers_beyond_float32_are_refused(tmp_path: Path, make_sphere: Any, suffix: str) -> None:
    mesh = make_sphere()
    path = tmp_path / f"a.{suffix}"
    for scale in (1e39, 1e200):
        with pytest.raises(InputError, match=r"within 1e[+]18, which mesh files can hold"):
            write_mesh(path, mesh.vertices.astype(np.float64) * scale, mesh.triangles)
    assert not path.exists()
