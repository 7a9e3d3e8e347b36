"""Further profiles for the detector: faces turned in 3D, as the network's training does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frsdk.morphable.head_pose import angles_300w_lp
from frsdk.morphable.morphable_model import MorphableModel

from ..augmentation.face_profiling import ProfilingSettings, chosen_turn, rotation_of, turned_face
from ..augmentation.profiling_mesh import profiling_mesh
from ..datasets.face_labels import STORED_SIZE, FaceLabels, stored_from_crop_frame
from ..datasets.parameter_labels import fit_labels
from ..facemodel.evaluate_face_model import landmark_basis_of
from .drawn_border import without_drawn_border
from .face_stock import TURNED_SOURCE, FaceStock, content_rectangle, sampling_weights

# Least and greatest yaw of the turned faces; beyond, the surface's warp looks unlike a photograph.
_YAW_DEG = (40.0, 85.0)


def with_turned_faces(
    stock: FaceStock, labels: FaceLabels, count: int, seed: int, model: MorphableModel
) -> FaceStock:
    """Append turned copies of faces to a stock.

    Only crops without a black part that show one person are turned; the landmarks that come along
    are those of the turned surface.

    Args:
        stock: n faces.
        labels: Of the same n faces.
        count: How many to add; fewer where there are not enough that can turn.
        seed: Of the choice and the turns.
        model: A face model with a surface.
    """
    edge = (0, 0, STORED_SIZE, STORED_SIZE)
    whole = np.array([content_rectangle(crop) == edge for crop in stock.crops], np.bool_)
    whole[list(stock.neighbours)] = False
    rng = np.random.default_rng([seed, 3])
    rows = np.flatnonzero(whole)
    if not len(rows):
        return stock
    weights = stock.sampling[rows]
    rows = rng.choice(rows, min(count, len(rows)), replace=False, p=weights / weights.sum())
    chosen = np.zeros(len(stock), np.bool_)
    chosen[rows] = True
    params = fit_labels(labels.subset(chosen), landmark_basis_of(model))
    mesh = profiling_mesh(model)
    settings = ProfilingSettings(yaw_deg=_YAW_DEG)
    crops, landmarks, yaw_deg = [], [], []
    for row, pose in zip(np.flatnonzero(chosen), params, strict=True):
        turn = chosen_turn(pose, settings, rng)
        if turn is None:
            continue
        points = mesh.vertices(pose)[: mesh.landmark_count]
        crop, move = turned_face(stock.crops[row], pose, mesh, *turn)
        points = (points - (0.0, 0.0, points[:, 2].mean())) @ move.linear.T + move.offset
        crops.append(crop)
        landmarks.append(stored_from_crop_frame(points) + 0.5)
        turned = move.applied(pose, 0.0)
        yaw_deg.append(angles_300w_lp(rotation_of(turned))[0])
    if not crops:
        return stock
    content = np.array([without_drawn_border(crop, edge) for crop in crops])
    source = np.concatenate([stock.source, np.full(len(crops), TURNED_SOURCE)])
    all_yaw = np.concatenate([stock.yaw_deg, np.array(yaw_deg)])
    return replace(
        stock,
        crops=np.concatenate([stock.crops, np.array(crops)]),
        landmarks=np.concatenate([stock.landmarks, np.array(landmarks)]),
        content=np.concatenate([stock.content, content]),
        sampling=sampling_weights(source, all_yaw),
        yaw_deg=all_yaw,
        source=source,
    )
