"""Faces of the built-in model, posed by hand: no network is needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from frsdk.face import Face, face_from_params
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

SIZE = 120
MakePosed = Callable[..., Face]


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
    roi = Roi(centre[0] - SIZE / 2, centre[1] - SIZE / 2, SIZE)
    pose[:2, 3] = SIZE / 2 - 0.5, SIZE / 2 - 0.5
    params[:12] = pose.ravel()
    if seed is not None:
        params[12:] = np.random.default_rng(seed).normal(size=50) * 0.5
    points = model.decode_landmarks(params[None], size=SIZE)[0]
    return face_from_params(
        params,
        points,
        roi=roi,
        box_xyxy=None,
        score=1.0,
        face_model=model,
        crop_size=SIZE,
        image_size_wh=image_size_wh,
    )


@pytest.fixture
def make_posed() -> MakePosed:
    return posed_face
