"""Faces drawn from the built-in face model: crops whose landmarks are known exactly."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.imaging.roi import roi_from_landmarks
from frsdk.morphable.head_pose import rotation_300w_lp
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.morphable.vertex_decoding import decode_points
from frsdk.rendering.mesh_shading import render_mesh

from .gate_crops import GateFaces, moved_crop

SEED = 20
_TURN_DEG = np.array([35.0, 12.0, 12.0])  # yaw, pitch, roll: uniform on both sides
_COEFFICIENT_STD = 0.6
_PAINT = (  # landmarks (closed range), RGB factors on the skin, reach in the model's units
    (17, 26, (0.35, 0.3, 0.3), 4.0),  # brows
    (36, 47, (0.3, 0.3, 0.35), 4.5),  # eyes
    (48, 67, (0.85, 0.5, 0.5), 4.0),  # lips
    (31, 35, (0.6, 0.5, 0.5), 2.5),  # nostrils
)
_MARGIN = 1.25  # a picture is drawn larger than the crop, so that moved crops stay inside it


def rendered_faces(model: MorphableModel, size: int, *, faces: int, crops: int) -> GateFaces:
    """Draw faces of seeded shape, turn, skin and light on seeded backgrounds.

    Args:
        model: A face model with triangles.
        size: Pixels of a side of the network's crop.
        faces: Pictures that are drawn, each by the rasteriser: the slow part.
        crops: Crops cut from each, shifted and scaled anew.
    """
    random = np.random.default_rng(SEED)
    paint = _painted(model)
    images, points = [], []
    for _ in range(faces):
        side = round(size * _MARGIN)
        picture, landmarks = _picture(model, paint, side, random)
        roi = roi_from_landmarks(landmarks)
        for _ in range(crops):
            crop, moved = moved_crop(picture, landmarks, roi, size, random)
            images.append(crop)
            points.append(moved)
    return GateFaces(np.stack(images), np.stack(points), f"{faces} renderings")


def _picture(
    model: MorphableModel,
    paint: NDArray[np.float64],
    side: int,
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A square picture whose ROI lies in its middle, and its (68, 2) landmarks."""
    turn = rotation_300w_lp(*(random.uniform(-1.0, 1.0, 3) * _TURN_DEG))
    coefficients = random.normal(0.0, _COEFFICIENT_STD, 50) * model.coefficient_std
    pose = np.zeros((3, 4))
    pose[:, :3] = np.diag([1.0, -1.0, 1.0]) @ turn  # from y up to y down
    first = _posed(model.landmark_basis, coefficients, pose)
    roi = roi_from_landmarks(first)
    scale = side / (roi.side * _MARGIN)
    edge = roi.side * (_MARGIN - 1.0) / 2.0  # of the picture around the ROI
    pose[:, :3] *= scale
    pose[:2, 3] = [(0.5 + edge - start) * scale - 0.5 for start in (roi.x0, roi.y0)]
    vertices = _posed(model.basis, coefficients, pose)
    light = (random.uniform(-0.8, 0.8), random.uniform(-0.9, 0.1), 1.0)
    skin = random.uniform(90, 240) * np.array([1.0, random.uniform(0.7, 0.9), 0.65])
    drawing, mask = render_mesh(
        vertices,
        model.triangles,
        (side, side),
        colours=np.clip(skin * paint, 0, 255),
        light=light,
        supersample=1,
    )
    share = cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / 255.0
    mixed = _background(side, random) * (1.0 - share) + drawing * share
    noisy = mixed + random.normal(0.0, 3.0, mixed.shape)
    landmarks = vertices[model.landmark_indices, :2].astype(np.float64)
    return np.clip(noisy, 0, 255).astype(np.uint8), landmarks


def _posed(
    basis: NDArray[np.float32], coefficients: NDArray[np.float64], pose: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(K, 3) points of one face."""
    points = decode_points(basis, coefficients[None], pose[None].astype(np.float32))
    return np.asarray(points[0])  # (1, K, 3) -> (K, 3)


def _background(side: int, random: np.random.Generator) -> NDArray[np.float64]:
    """(side, side, 3): smooth patches of colour."""
    cells = int(random.integers(2, 8))
    patches = random.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
    return np.asarray(cv2.resize(patches, (side, side), interpolation=cv2.INTER_CUBIC), np.float64)


def _painted(model: MorphableModel) -> NDArray[np.float64]:
    """(N, 3) RGB factors on the skin: the features that shape alone does not show."""
    landmarks = model.mean[model.landmark_indices, :2].astype(np.float64)
    paint = np.ones((model.n_vertices, 3))
    for first, last, factors, reach in _PAINT:
        chosen = landmarks[first : last + 1]
        gaps = np.linalg.norm(model.mean[:, None, :2] - chosen, axis=2).min(axis=1)  # (N,)
        weight = np.exp(-((gaps / reach) ** 2))[:, None]
        paint *= 1.0 - weight * (1.0 - np.array(factors))
    return paint
