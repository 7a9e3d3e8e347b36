"""All faces of a photograph in one file, in the photograph's coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from frsdk.errors import InputError
from frsdk.rendering.photo_scene import write_scene


def world(scene: Any, name: str) -> np.ndarray:
    """(N, 3) vertices of a node in pixels of the photograph's frame: middle, y up."""
    matrix, geometry = scene.graph[name]
    points = np.asarray(scene.geometry[geometry].vertices)
    moved: np.ndarray = (points @ matrix[:3, :3].T + matrix[:3, 3]) * 1000
    return moved


def test_faces_stand_where_they_are(tmp_path: Path, make_posed: Any, patterned: np.ndarray) -> None:
    faces = [make_posed(10.0, centre=(80.0, 90.0), scale=0.5), make_posed(centre=(190.0, 150.0))]
    write_scene(tmp_path / "a.glb", faces, patterned, texture_size=64)
    scene: Any = trimesh.load(tmp_path / "a.glb")
    assert {"photograph", "face 0", "face 1"} <= set(scene.graph.nodes_geometry)
    for number, face in enumerate(faces):
        expected = (face.vertices - (127.5, 119.5, 0)) * (1, -1, 1)
        np.testing.assert_allclose(world(scene, f"face {number}"), expected, atol=1e-3)
    wall = world(scene, "photograph")
    np.testing.assert_allclose(wall[:, :2].min(axis=0), (-128, -120), atol=1e-4)
    np.testing.assert_allclose(wall[:, :2].max(axis=0), (128, 120), atol=1e-4)
    assert wall[:, 2].max() < min(world(scene, f"face {k}")[:, 2].min() for k in (0, 1))
    photo = scene.geometry[scene.graph["photograph"][1]].visual.material.baseColorTexture
    shown = np.asarray(photo.convert("RGB")).astype(int)
    assert np.abs(shown - patterned[..., ::-1]).mean() < 3


def test_the_photograph_alone(tmp_path: Path, patterned: np.ndarray) -> None:
    write_scene(tmp_path / "a.glb", [], patterned)
    scene: Any = trimesh.load(tmp_path / "a.glb")
    assert set(scene.graph.nodes_geometry) == {"photograph"}
    uv = scene.geometry["photograph"].visual.uv
    top = scene.geometry["photograph"].vertices[:, 1] > 0
    assert (uv[top, 1] == 1).all() and (uv[~top, 1] == 0).all()


def test_bad_input(tmp_path: Path, patterned: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"expected \.glb"):
        write_scene(tmp_path / "a.obj", [], patterned)
    with pytest.raises(InputError, match="GRAY2BGR"):
        write_scene(tmp_path / "a.glb", [], patterned[..., 0])
    assert list(tmp_path.iterdir()) == []
