"""A small folder of labelled crops, as ../shared/data/faces has them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.export.datasets.face_labels import MARGIN, NETWORK_SIZE
from frsdk.export.facemodel.evaluate_face_model import landmark_basis_of
from frsdk.export.facemodel.import_3ddfa_face_model import import_sparse_3ddfa
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

N_FACES = 12
N_ANNOTATED = 4


def write_split(folder: Path, split: str, seed: int) -> None:
    """Labels of random faces of the built-in model, with noise for pictures, in one shard."""
    rng = np.random.default_rng(seed)
    yaw = rng.uniform(-80, 80, N_FACES)
    params = np.zeros((N_FACES, 62))
    for row, angle in enumerate(yaw):
        pose = np.array([[0, 0, 0, 59.5], [0, 0, 0, 59.5], [0, 0, 0, 0.0]])
        pose[:, :3] = 0.42 * rotation_from_angles(float(angle), 5.0, 3.0)
        params[row, :12] = pose.reshape(12)
    params[:, 12:] = rng.normal(size=(N_FACES, 50))
    points = landmark_basis_of(builtin_face_model()).decode(params)
    points[..., 0] += MARGIN
    points[..., 1] = NETWORK_SIZE - 1 - points[..., 1] + MARGIN
    annotation = np.full((N_FACES, 68, 2), np.nan)
    annotation[:N_ANNOTATED] = points[:N_ANNOTATED, :, :2]
    keys = [f"{split}{row}" for row in range(N_FACES)]
    np.savez(
        folder / f"{split}.npz",
        key=np.array(keys),
        shard=np.zeros(N_FACES, np.int16),
        source=np.array(["helen"] * N_ANNOTATED + ["utkface"] * (N_FACES - N_ANNOTATED)),
        identity=np.array([""] * N_FACES),
        lmk68=points.astype(np.float32),
        lmk68_spread=np.full(N_FACES, 0.006, np.float32),
        gt68=annotation.astype(np.float32),
        gt30=np.full((N_FACES, 30, 2), np.nan, np.float32),
        param62=np.zeros((N_FACES, 62), np.float32),
        yaw_deg=-yaw.astype(np.float32),
    )
    with tarfile.open(folder / f"{split}-00.tar", "w") as archive:
        for key in keys:
            picture = rng.integers(0, 256, (160, 160, 3), np.uint8)
            data = cv2.imencode(".webp", picture)[1].tobytes()
            entry = tarfile.TarInfo(f"{key}.webp")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


@pytest.fixture
def faces_folder(tmp_path: Path) -> Path:
    """train.npz, val.npz and a shard of each: 12 faces, the first 4 with annotations."""
    folder = tmp_path / "faces"
    folder.mkdir()
    write_split(folder, "train", seed=0)
    write_split(folder, "val", seed=1)
    return folder


@pytest.fixture(scope="session")
def bfm_like(tmp_path_factory: pytest.TempPathFactory) -> MorphableModel:
    """68 landmarks in 3DDFA's raw scale: micrometres, raw coefficients."""
    rng = np.random.default_rng(0)
    surface = builtin_face_model()
    mean = surface.mean[surface.landmark_indices].astype(np.float64) * 1000
    path = tmp_path_factory.mktemp("basis") / "bfm68.npz"
    np.savez(
        path,
        u=mean.reshape(-1),
        w_shp=rng.normal(size=(204, 40)) * 0.01,
        w_exp=rng.normal(size=(204, 10)) * 300.0,
    )
    return import_sparse_3ddfa(path)
