"""A stock of drawn faces, and pictures without faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from frsdk.export.detector.backgrounds import Backgrounds
from frsdk.export.detector.face_stock import FaceStock, content_rectangle

from ..mean_landmarks import mean_landmarks

N_FACES = 6
FACE_GREY = 230


@pytest.fixture
def stock() -> FaceStock:
    """Light ellipses with landmarks, on a grey photograph that ends before the crop does."""
    points = mean_landmarks()[:, :2] * (0.5, -0.5) + (80.0, 76.0)
    crops = np.zeros((N_FACES, 160, 160, 3), np.uint8)
    crops[:, 14:150, 10:140] = 90
    for crop in crops:
        cv2.ellipse(crop, (80, 76), (38, 52), 0, 0, 360, (FACE_GREY,) * 3, -1)
    return FaceStock(
        crops=crops,
        landmarks=np.repeat(points[None], N_FACES, axis=0),
        content=np.array([content_rectangle(crop) for crop in crops]),
        neighbours={0: np.array([[10.0, 20.0, 30.0, 50.0]])},
        sampling=np.full(N_FACES, 1 / N_FACES),
        yaw_deg=np.zeros(N_FACES),
        source=np.array(["helen"] * N_FACES),
    )


@pytest.fixture
def backgrounds() -> Backgrounds:
    """Three dark pictures of noise."""
    rng = np.random.default_rng(0)
    sizes = ((90, 120), (300, 200), (400, 640))
    return Backgrounds([rng.integers(0, 60, (*size, 3), np.uint8) for size in sizes])
