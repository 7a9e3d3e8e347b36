"""What other programs read from mesh files: trimesh, MeshLab, Open3D and Khronos' validator."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk import FaceReconstructor, read_image
from frsdk.face import Face
from frsdk.rendering.photo_scene import write_scene
from frsdk.rendering.surface_buffer import surface_buffer

ROOT = Path(__file__).resolve().parents[3]
MEAN_COLOUR_ERROR = 0.02  # of the seen side, by rendering
_VALIDATE = """
const validator = require(process.argv[1]), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])))
  .then((report) => console.log(JSON.stringify(report.issues)));
"""


@dataclass
class Read:
    """A mesh as a program read it; colours are RGB, 0..1.

    Attributes:
        points: (N, 3), in pixels of the photograph about the middle of the mesh's box.
        triangles: (M, 3).
        corner_uv: (M, 3, 2), u right, v up, or None.
        texture: (S, S, 3) row 0 at v = 1, or None.
        colours: (N, 3) of the vertices, or None.
    """

    points: np.ndarray
    triangles: np.ndarray
    corner_uv: np.ndarray | None = None
    texture: np.ndarray | None = None
    colours: np.ndarray | None = None


def read_by_trimesh(path: Path, *, textured: bool = True) -> Read:
    import trimesh

    mesh: Any = trimesh.load(path, force="mesh", process=False)
    visual = mesh.visual
    if not textured:
        return Read(mesh.vertices, mesh.faces)
    if visual.kind != "texture":
        return Read(mesh.vertices, mesh.faces, colours=visual.vertex_colors[:, :3] / 255)
    material = visual.material
    image = getattr(material, "baseColorTexture", None) or material.image
    texture = np.asarray(image.convert("RGB")) / 255
    return Read(mesh.vertices, mesh.faces, visual.uv[mesh.faces], texture)


def read_by_meshlab(path: Path) -> Read:
    pymeshlab = pytest.importorskip("pymeshlab", reason="needs pymeshlab")
    meshes = pymeshlab.MeshSet(verbose=False)
    meshes.load_new_mesh(str(path))
    mesh = meshes.current_mesh()
    points, triangles = mesh.vertex_matrix(), mesh.face_matrix()
    if not mesh.texture_number():
        return Read(points, triangles, colours=mesh.vertex_color_matrix()[:, :3])
    (image,) = mesh.textures().values()
    with tempfile.TemporaryDirectory() as folder:
        image.save(f"{folder}/texture.png")
        texture = cv2.imread(f"{folder}/texture.png")[..., ::-1] / 255
    corner_uv = mesh.wedge_tex_coord_matrix().reshape(-1, 3, 2)  # (3M, 2) -> (M, 3, 2)
    return Read(points, triangles, corner_uv, texture)


def read_by_open3d(path: Path) -> Read:
    open3d = pytest.importorskip("open3d", reason="needs open3d")
    mesh = open3d.io.read_triangle_mesh(str(path))
    points, triangles = np.asarray(mesh.vertices), np.asarray(mesh.triangles)
    if not mesh.has_triangle_uvs():
        return Read(points, triangles, colours=np.asarray(mesh.vertex_colors))
    (texture,) = [np.asarray(each) for each in mesh.textures if np.ndim(each) == 3]
    corner_uv = np.asarray(mesh.triangle_uvs).reshape(-1, 3, 2)  # (3M, 2) -> (M, 3, 2)
    # Open3D keeps v as it draws it: down from the picture's top.
    return Read(points, triangles, corner_uv * (1, -1) + (0, 1), texture[..., :3] / 255)


def drawn(read: Read, centre: np.ndarray, size_wh: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """The mesh from the front, in the photograph's place: (H, W, 3) RGB 0..1, and where it is."""
    scale = 1000.0 if np.ptp(read.points, axis=0).max() < 1 else 1.0  # metres of a GLB
    points = read.points * scale * (1, -1, 1) + centre
    corners = points[read.triangles].reshape(-1, 3)  # (3M, 3): each triangle its own
    triangles = np.arange(len(corners)).reshape(-1, 3)
    buffer = surface_buffer(corners, triangles, size_wh)
    if read.texture is None:
        assert read.colours is not None
        values = read.colours[read.triangles].reshape(-1, 3)
        channels = [buffer.interpolated(values[:, k]) for k in range(3)]
    else:
        assert read.corner_uv is not None
        u, v = (buffer.interpolated(read.corner_uv[..., k].ravel()) for k in range(2))
        side = len(read.texture)
        column = np.clip(u * side, 0, side - 1).astype(int)
        row = np.clip((1 - v) * side, 0, side - 1).astype(int)
        channels = list(read.texture[row, column].T)
    return buffer.picture(channels, 0), buffer.mask


READERS: dict[str, Callable[[Path], Read]] = {
    "trimesh": read_by_trimesh,
    "meshlab": read_by_meshlab,
    "open3d": read_by_open3d,
}


@pytest.fixture(scope="module")
def files(
    tmp_path_factory: pytest.TempPathFactory, posed_once: Face, patterned: np.ndarray
) -> Path:
    folder = tmp_path_factory.mktemp("meshes")
    for suffix in ("glb", "obj", "ply"):
        posed_once.save(folder / f"face.{suffix}", patterned)
    return folder


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply"])
@pytest.mark.parametrize("program", READERS)
def test_the_photographs_colours_are_read(
    files: Path, posed_once: Face, patterned: np.ndarray, program: str, suffix: str
) -> None:
    read = READERS[program](files / f"face.{suffix}")
    vertices = posed_once.vertices.astype(float)
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    image, mask = drawn(read, centre, (256, 240))
    pictures = posed_once.render((256, 240))
    assert (mask != pictures.mask).mean() < 0.002  # the right way up, in its place
    seen = seen_side(posed_once, patterned) & mask
    assert seen.sum() > 8000
    assert np.abs(image[seen] - patterned[seen][:, ::-1] / 255).mean() < MEAN_COLOUR_ERROR


@pytest.mark.parametrize("program", READERS)
def test_the_sample_s_colours_are_read(tmp_path: Path, program: str) -> None:
    """The README's sample; seen: 0.007 for GLB (JPEG), 0.005 for OBJ, 0.018 for PLY."""
    photo = read_image("sample:astronaut")
    with FaceReconstructor() as reconstruct:
        (face,) = reconstruct(photo)
    vertices = face.vertices.astype(float)
    seen = seen_side(face, photo)
    for suffix in ("glb", "obj", "ply"):
        face.save(tmp_path / f"a.{suffix}", photo)
        read = READERS[program](tmp_path / f"a.{suffix}")
        centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        image, mask = drawn(read, centre, (photo.shape[1], photo.shape[0]))
        both = seen & mask
        assert both.sum() > 0.98 * seen.sum() > 5000
        error = np.abs(image[both] - photo[both][:, ::-1] / 255).mean()
        assert error < MEAN_COLOUR_ERROR, (suffix, error)


def seen_side(face: Face, photo: np.ndarray) -> np.ndarray:
    """(H, W) where the photograph shows the surface, by the texture's own mask."""
    pictures = face.render((photo.shape[1], photo.shape[0]))
    texture = face.texture(photo, 256)
    uv = pictures.uv[pictures.mask]
    texel = (np.c_[(1 - uv[:, 1]), uv[:, 0]] * 256).astype(int)
    seen = np.zeros(pictures.mask.shape, bool)
    seen[pictures.mask] = texture.seen[texel[:, 0], texel[:, 1]]
    return seen


def validator() -> str:
    """Where npm's gltf-validator lies: in web/, in the root, or installed for all."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        pytest.skip("needs Node.js with the npm package gltf-validator")
    folders = [ROOT / "web" / "node_modules", ROOT / "node_modules"]
    if npm is not None:
        done = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout.strip()))
    for folder in folders:
        if (folder / "gltf-validator").is_dir():
            return str(folder / "gltf-validator")
    pytest.skip("needs the npm package gltf-validator: cd web && npm ci")


def issues(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        ["node", "-e", _VALIDATE, validator(), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_validator_finds_nothing(files: Path, tmp_path: Path, posed_once: Face) -> None:
    posed_once.save(tmp_path / "plain.glb")
    posed_once.save(tmp_path / "frontal.glb", frontal=True)
    write_scene(tmp_path / "scene.glb", [posed_once, posed_once], np.zeros((64, 128, 3), np.uint8))
    for path in (files / "face.glb", *sorted(tmp_path.glob("*.glb"))):
        found = issues(path)
        assert found["messages"] == [], (path.name, found["messages"][:3])


def test_the_frontal_mesh_looks_at_the_viewer(tmp_path: Path, make_posed: Any) -> None:
    """Upside down and inside out was the fault: the nose points out, the brow is above the chin."""
    face = make_posed(60.0)
    face.save(tmp_path / "a.glb", frontal=True)
    read = read_by_trimesh(tmp_path / "a.glb", textured=False)
    points = read.points * 1000
    brow, nose, chin = points[face.face_model.landmark_indices[[21, 30, 8]]]
    assert brow[1] > nose[1] > chin[1] and nose[2] > brow[2]
    assert abs(points[:, 0].mean()) < 0.1 * np.ptp(points[:, 0])
    a, b, c = (points[read.triangles[:, k]] for k in range(3))
    assert np.cross(b - a, c - a)[:, 2].sum() > 0


def test_to_trimesh(make_posed: Any, patterned: np.ndarray) -> None:
    face = make_posed()
    plain, textured = face.to_trimesh(), face.to_trimesh(patterned)
    assert plain.visual.kind is None or not plain.visual.defined
    assert textured.visual.kind == "texture"
    np.testing.assert_allclose(textured.visual.uv, face.face_model.uv, atol=1e-6)
    image = np.asarray(textured.visual.material.baseColorTexture)
    np.testing.assert_array_equal(image[..., ::-1], face.texture(patterned).image)
    middle = (face.vertices.min(axis=0) + face.vertices.max(axis=0)) / 2
    np.testing.assert_allclose(plain.vertices, (face.vertices - middle) * (1, -1, 1), atol=1e-3)
    frontal = face.to_trimesh(frontal=True)
    np.testing.assert_allclose(frontal.vertices, face.frontal_vertices, atol=1e-4)
