"""Mesh files, parsed back from their bytes by code of their own."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.errors import InputError, OutputError
from frsdk.meshes.mesh_files import write_mesh

COMPONENTS = {5121: "u1", 5125: "<u4", 5126: "<f4"}
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
    assert view.get("byteOffset", 0) % 4 == 0
    kind, width = COMPONENTS[entry["componentType"]], WIDTHS[entry["type"]]
    values = np.frombuffer(buffer, kind, entry["count"] * width, view.get("byteOffset", 0))
    assert values.nbytes == view["byteLength"]
    return values.reshape(-1, width)


def outward_share(positions: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (positions[triangles[:, k]].astype(float) for k in range(3))
    normal = np.cross(b - a, c - a)
    used = np.linalg.norm(normal, axis=1) > 1e-3
    return float((np.sum(normal * (a + b + c), axis=1)[used] > 0).mean())


def glb_data(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray], bytes]:
    """The document, the attributes and indices of its one mesh, and the buffer."""
    document, buffer = parse_glb(path.read_bytes())
    (mesh,) = document["meshes"]
    (primitive,) = mesh["primitives"]
    fields = {**primitive["attributes"], "indices": primitive["indices"]}
    return document, {k: accessor(document, buffer, i) for k, i in fields.items()}, buffer


def test_glb_with_vertex_colours(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    write_mesh(tmp_path / "a.glb", mesh.vertices, mesh.triangles, colours=colours, uv=uv)
    document, data, _ = glb_data(tmp_path / "a.glb")
    assert document["asset"]["version"] == "2.0"
    matrices = [np.reshape(n["matrix"], (4, 4)).T for n in document["nodes"] if "matrix" in n]
    np.testing.assert_allclose(matrices, [np.diag([0.001, 0.001, 0.001, 1])])
    expected = (mesh.vertices - (100, 50, 0)) * (1, -1, 1)
    np.testing.assert_allclose(data["POSITION"], expected, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(data["NORMAL"], axis=1), 1, atol=1e-5)
    assert (np.sum(data["NORMAL"] * data["POSITION"], axis=1) > 0).all()
    triangles = data["indices"].reshape(-1, 3)
    np.testing.assert_array_equal(triangles, mesh.triangles)
    assert outward_share(data["POSITION"], triangles) == 1
    assert "TEXCOORD_0" not in data  # without a texture a viewer would show it grey
    # Bytes of linear light (MeshLab misreads 16-bit ones) back to sRGB by the inverse curve.
    assert data["COLOR_0"].dtype == np.uint8
    linear = data["COLOR_0"][:, :3] / 255
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    off = np.abs(srgb * 255 - colours)
    assert off[colours > 100].max() <= 1.5
    assert off.mean() < 2
    assert (data["COLOR_0"][:, 3] == 255).all()
    assert document["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}
    assert document["extensionsUsed"] == ["KHR_materials_unlit"]


def test_glb_with_a_texture(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    y, x = np.mgrid[:64, :64]
    texture = np.stack([x * 4, y * 4, 255 - x * 4], axis=-1).astype(np.uint8)
    write_mesh(tmp_path / "a.glb", mesh.vertices, mesh.triangles, uv=uv, texture_bgr=texture)
    document, data, buffer = glb_data(tmp_path / "a.glb")
    np.testing.assert_allclose(data["TEXCOORD_0"], np.c_[uv[:, 0], 1 - uv[:, 1]], atol=1e-6)
    (image,) = document["images"]
    assert image["mimeType"] == "image/jpeg"
    view = document["bufferViews"][image["bufferView"]]
    stored = np.frombuffer(buffer, np.uint8, view["byteLength"], view["byteOffset"])
    decoded = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    assert np.abs(decoded.astype(int) - texture).mean() < 3
    material = document["materials"][0]
    assert material["pbrMetallicRoughness"]["baseColorTexture"] == {"index": 0}
    assert material["extensions"] == {"KHR_materials_unlit": {}}


def test_the_frontal_frame_is_kept(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((10.0, 20.0), 40.0)
    y_up = mesh.vertices * (1, -1, 1)
    write_mesh(tmp_path / "a.glb", y_up, mesh.triangles, frame="model")
    _, data, _ = glb_data(tmp_path / "a.glb")
    np.testing.assert_allclose(data["POSITION"], y_up, atol=1e-4)
    assert outward_share(data["POSITION"] - (10, -20, 0), mesh.triangles) == 1
    assert (np.sum(data["NORMAL"] * (data["POSITION"] - (10, -20, 0)), axis=1) > 0).all()


def test_glb_without_colours_is_lit_and_matte(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere()
    write_mesh(tmp_path / "a.glb", mesh.vertices, mesh.triangles, uv=np.zeros((0, 2)))
    document, _ = parse_glb((tmp_path / "a.glb").read_bytes())
    assert set(document["meshes"][0]["primitives"][0]["attributes"]) == {"POSITION", "NORMAL"}
    assert "extensionsUsed" not in document
    assert document["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] == 0


def test_a_vertex_of_no_triangle_has_a_normal(tmp_path: Path) -> None:
    vertices = np.zeros((5, 3))
    vertices[-3:] = [(0, 0, 0), (0, 1, 0), (1, 0, 0)]
    write_mesh(tmp_path / "a.glb", vertices, [[2, 3, 4]])
    _, data, _ = glb_data(tmp_path / "a.glb")
    assert data["indices"].ravel().tolist() == [2, 3, 4]
    np.testing.assert_allclose(np.linalg.norm(data["NORMAL"], axis=1), 1)


def obj_rows(path: Path) -> dict[str, list[list[str]]]:
    rows: dict[str, list[list[str]]] = {}
    for line in filter(None, path.read_text().splitlines()):
        kind, *values = line.split()
        rows.setdefault(kind, []).append(values)
    return rows


def test_obj_with_vertex_colours(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    colours = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3), np.uint8)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    write_mesh(tmp_path / "a.obj", mesh.vertices, mesh.triangles, colours=colours, uv=uv)
    rows = obj_rows(tmp_path / "a.obj")
    v = np.array(rows["v"], float)
    np.testing.assert_allclose(v[:, :3], (mesh.vertices - (100, 50, 0)) * (1, -1, 1), atol=1e-4)
    np.testing.assert_array_equal(np.rint(v[:, 3:6] * 255), colours)
    assert "vt" not in rows
    assert len(rows["vn"]) == len(v)
    corners = [[corner.split("//") for corner in face] for face in rows["f"]]
    triangles = np.array(corners, int)[..., 0] - 1
    np.testing.assert_array_equal(np.array(corners, int)[..., 0], np.array(corners, int)[..., 1])
    np.testing.assert_array_equal(triangles, mesh.triangles)
    assert outward_share(v[:, :3], triangles) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.obj"]


def test_obj_with_a_texture_names_its_files(tmp_path: Path, make_sphere: Any) -> None:
    mesh = make_sphere((100.0, 50.0), 40.0)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    texture = np.random.default_rng(2).integers(0, 256, (16, 16, 3), np.uint8)
    path = tmp_path / "my_face.0.obj"
    write_mesh(path, mesh.vertices, mesh.triangles, uv=uv, texture_bgr=texture)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("my_face.0.mtl", "my_face.0.obj", "my_face.0.texture.png")
    ]
    rows = obj_rows(path)
    assert rows["mtllib"] == [["my_face.0.mtl"]]
    np.testing.assert_allclose(np.array(rows["vt"], float), uv, atol=1e-5)
    assert ["my_face.0.texture.png"] in obj_rows(tmp_path / "my_face.0.mtl")["map_Kd"]
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "my_face.0.texture.png")), texture)


def test_objs_with_names_alike_have_textures_of_their_own(tmp_path: Path, make_sphere: Any) -> None:
    """OBJ cannot name files with spaces: "my face" and "my_face" must not share one."""
    mesh = make_sphere((100.0, 50.0), 40.0)
    uv = np.random.default_rng(1).random((len(mesh.vertices), 2))
    names = ["my_face.0", "my face.0", "my+face.0"]
    for shade, name in enumerate(names):
        texture = np.full((16, 16, 3), 50 * shade, np.uint8)
        path = tmp_path / f"{name}.obj"
        write_mesh(path, mesh.vertices, mesh.triangles, uv=uv, texture_bgr=texture)
    for shade, name in enumerate(names):
        ((library,),) = obj_rows(tmp_path / f"{name}.obj")["mtllib"]
        assert " " not in library
        ((*_, picture),) = obj_rows(tmp_path / library)["map_Kd"]
        assert (cv2.imread(str(tmp_path / picture)) == 50 * shade).all()


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
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
        ({"path": "a.fbx"}, r"cannot write a mesh to .*a\.fbx: expected one of \.glb, \.obj"),
        ({"texture_bgr": np.zeros((4, 4, 3), np.uint8)}, "a texture needs uv"),
        ({"texture_bgr": np.zeros((4, 4), np.uint8)}, r"texture \(H, W, 3\) uint8, got \(4, 4\)"),
        ({"frame": "world"}, "frame 'image' or 'model', got 'world'"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    call: dict[str, Any] = {"path": "a.glb", "vertices": TRIANGLE, "triangles": [[0, 1, 2]]}
    call |= arguments
    with pytest.raises(InputError, match=message):
        write_mesh(tmp_path / call.pop("path"), call.pop("vertices"), call.pop("triangles"), **call)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", [0, 2])
def test_disk_full_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > written:  # the picture and the material of an OBJ come first
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    appearance = {"uv": TRIANGLE[:, :2] / 2, "texture_bgr": np.zeros((4, 4, 3), np.uint8)}
    with pytest.raises(OutputError, match="No space left on device"):
        write_mesh(tmp_path / "a.obj", TRIANGLE, [[0, 1, 2]], **appearance)
    assert len(calls) == written + 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply"])
def test_numbers_beyond_float32_are_refused(tmp_path: Path, make_sphere: Any, suffix: str) -> None:
    mesh = make_sphere()
    path = tmp_path / f"a.{suffix}"
    for scale in (1e39, 1e200):
        with pytest.raises(InputError, match=r"within 1e[+]18, which mesh files can hold"):
            write_mesh(path, mesh.vertices.astype(np.float64) * scale, mesh.triangles)
    assert not path.exists()
