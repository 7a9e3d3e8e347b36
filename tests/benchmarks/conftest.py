"""Small labelled folders with pictures of noise, and a network whose output depends on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.benchmarks.protocols.face_set import SAME_PIXELS, Picture
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model


def face_points(yaw_deg: float, *, centre: float = 100.0, size: float = 0.9) -> np.ndarray:
    """(68, 3) landmarks of the built-in mean face in pixels: y down, z toward the camera."""
    model = builtin_face_model()
    mean = model.mean[model.landmark_indices].astype(np.float64)
    points = (mean - mean.mean(axis=0)) @ rotation_300w_lp(yaw_deg, 4.0, -3.0).T
    return points * (size, -size, size) + (centre, centre, 0.0)


@pytest.fixture(scope="session")
def make_points() -> Callable[..., np.ndarray]:
    return face_points


@pytest.fixture
def write_photo() -> Callable[..., Path]:
    """Write a picture of seeded noise."""

    def write(path: Path, seed: int = 0, side: int = 200) -> Path:
        blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        cv2.imwrite(str(path), cv2.resize(blocks, (side, side), interpolation=cv2.INTER_NEAREST))
        return path

    return write


@pytest.fixture(scope="session")
def tiny_model_file(tiny_model: MorphableModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("face-model") / "tiny.npz"
    tiny_model.save(path)
    return path


@pytest.fixture
def grey_picture() -> Picture:
    """200 x 200 grey pixels with the true square in their middle."""
    image = np.full((200, 200, 3), 128, np.uint8)
    return Picture("grey.png", lambda: image, Roi(40.0, 40.0, 120.0), SAME_PIXELS)
