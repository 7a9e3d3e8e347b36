"""Meshes, stand-ins for faces, and posed faces of the built-in model: no network is needed."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from frsdk.face import Face, face_from_params
from frsdk.imaging.roi import Roi
from frsdk.meshes.mesh_files import write_mesh
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.rendering.vertex_colours import vertex_colours

CROP_SIZE = 120


@dataclass(frozen=True)
class Mesh:
    """vertices (N, 3) in image pixels, triangles (M, 3), mirror (N,)."""

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    mirror: NDArray[np.int32]


def sphere(centre: tuple[float, float] = (60.0, 60.0), radius: float = 40.0, n: int = 16) -> Mesh:
    """A closed sphere of 2n x n patches, outward counter-clockwise in the y-up frame."""
    polar = np.linspace(0, np.pi, n + 1)
    turn = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    p, t = np.meshgrid(polar, turn, indexing="ij")
    y_up = np.stack([np.sin(p) * np.sin(t), np.cos(p), np.sin(p) * np.cos(t)], axis=-1)
    vertices = y_up.reshape(-1, 3) * radius * (1, -1, 1) + (*centre, 0)
    triangles = []
    for i in range(n):
        for j in range(2 * n):
            a, b = i * 2 * n + j, i * 2 * n + (j + 1) % (2 * n)
            c, d = a + 2 * n, b + 2 * n
            triangles += [(a, c, b), (b, c, d)]
    columns = -np.arange(2 * n) % (2 * n)
    mirror = (np.arange(n + 1)[:, None] * 2 * n + columns).reshape(-1)
    return Mesh(vertices, np.array(triangles, np.int32), mirror.astype(np.int32))


@dataclass
class StubFace:
    """What drawing and the batch use of a `Face`."""

    mesh: Mesh
    landmarks: NDArray[np.float64]
    box: NDArray[np.float64]
    pose: Any
    score: float = 0.9
    params: NDArray[np.float64] = field(default_factory=lambda: np.zeros(62))

    @property
    def vertices(self) -> NDArray[np.float64]:
        return self.mesh.vertices

    @property
    def triangles(self) -> NDArray[np.int32]:
        return self.mesh.triangles

    def save(self, path: Path, image_bgr: NDArray[np.uint8] | None = None) -> None:
        colours = None
        if image_bgr is not None:
            colours = vertex_colours(
                image_bgr, self.vertices, self.triangles, mirror=self.mesh.mirror
            )
        write_mesh(path, self.vertices, self.triangles, colours=colours)

    def to_dict(self) -> dict[str, object]:
        return {"score": self.score, "landmarks_px": self.landmarks.tolist()}


def stub_face(
    centre: tuple[float, float] = (60.0, 60.0), radius: float = 40.0, *, dense: bool = True
) -> StubFace:
    """A sphere with 68 points around its middle, looking straight at the camera."""
    mesh = sphere(centre, radius)
    if not dense:
        mesh = Mesh(mesh.vertices, mesh.triangles[:0], mesh.mirror)
    angle = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(68)], axis=1) * radius * 0.8
    landmarks = ring + np.array([*centre, radius * 0.6])
    box = np.array([centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius])
    pose = SimpleNamespace(rotation=np.eye(3), yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0)
    return StubFace(mesh, landmarks, box, pose)


def posed_face(
    yaw_deg: float = 0.0,
    *,
    centre: tuple[float, float] = (128.0, 120.0),
    scale: float = 0.9,
    model: MorphableModel | None = None,
    image_size_wh: tuple[int, int] | None = (256, 240),
    seed: int | None = 0,
) -> Face:
    """A face of seeded shape, `scale` pixels per unit, its model's origin at `centre`."""
    model = model or builtin_face_model()
    params = np.zeros(62, np.float32)
    pose = np.zeros((3, 4))
    pose[:, :3] = scale * rotation_from_angles(yaw_deg, 0.0, 0.0)
    roi = Roi(centre[0] - CROP_SIZE / 2, centre[1] - CROP_SIZE / 2, CROP_SIZE)
    pose[:2, 3] = CROP_SIZE / 2 - 0.5, CROP_SIZE / 2 - 0.5
    params[:12] = pose.ravel()
    if seed is not None:
        params[12:] = np.random.default_rng(seed).normal(size=50) * 0.5
    points = model.decode_landmarks(params[None], size=CROP_SIZE)[0]
    return face_from_params(
        params,
        points,
        roi=roi,
        box_xyxy=None,
        score=1.0,
        face_model=model,
        crop_size=CROP_SIZE,
        image_size_wh=image_size_wh,
    )


def pattern(size_wh: tuple[int, int] = (256, 240), period: float = 40.0) -> NDArray[np.uint8]:
    """Waves across, down and aslant in blue, green and red."""
    x, y = np.meshgrid(np.arange(size_wh[0]), np.arange(size_wh[1]))
    waves = [np.sin(x / period), np.cos(y / period), np.sin((x + y) / period)]
    return np.rint(127 + 90 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.fixture
def make_sphere() -> Any:
    return sphere


@pytest.fixture
def make_face() -> Any:
    return stub_face


@pytest.fixture
def make_posed() -> Any:
    return posed_face


@pytest.fixture(scope="session")
def posed_once() -> Face:
    """A face turned by 20 degrees in a 256 x 240 photo."""
    return posed_face(20.0)


@pytest.fixture(scope="session")
def patterned() -> NDArray[np.uint8]:
    """A smooth 256 x 240 picture of which every colour channel differs."""
    return pattern()


@pytest.fixture(scope="session")
def local_ray() -> Iterator[Any]:
    """Ray on a cluster of this machine's own with two CPUs."""
    pytest.importorskip("ray", reason="needs Ray (frsdk[ray])")
    from frsdk.scale.ray_cluster import ray_cluster

    with ray_cluster(cpus=2) as ray:
        yield ray
    with warnings.catch_warnings():  # Ray does not wait for all of its processes
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
