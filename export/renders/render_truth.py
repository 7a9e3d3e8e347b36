"""What is known of a render exactly: landmarks, which of them are seen, expression weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES

from ..datasets.face_labels import crop_frame_from_stored
from ..datasets.fit_parameters import fit_parameters
from ..datasets.labelled_face import LabelledFace
from ..datasets.parameter_labels import LandmarkBasis
from .drawing.camera_sampling import CropCamera

Array = NDArray[np.float64]

_TOLERANCE_DM = 0.06  # skin, lashes and brows this much before a landmark do not hide it
_BATCH = 128  # faces fitted together
_REACH = 1  # pixels around a landmark that may show it


def seen_landmarks(
    landmarks: Array, camera: CropCamera, depth: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(68,) whether anything lies between each landmark and the camera.

    Args:
        landmarks: (68, 3) in camera axes, decimetres.
        camera: Of the crop.
        depth: (n, n) depth buffer of the crop, rows from the top.
    """
    size = len(depth)
    flat = camera.flat(landmarks)
    columns = np.floor((flat[:, 0] - camera.left) / camera.side * size).astype(int)
    rows = np.floor((camera.bottom + camera.side - flat[:, 1]) / camera.side * size).astype(int)
    inside = (columns >= 0) & (columns < size) & (rows >= 0) & (rows < size)
    nearest = np.full(len(landmarks), np.inf)
    for down in range(-_REACH, _REACH + 1):
        for across in range(-_REACH, _REACH + 1):
            row = np.clip(rows + down, 0, size - 1)
            column = np.clip(columns + across, 0, size - 1)
            nearest = np.minimum(nearest, camera.depth_of(depth[row, column]))
    return np.asarray(inside & (nearest <= landmarks[:, 2] + _TOLERANCE_DM), np.bool_)


def fitted_faces(faces: Iterable[LabelledFace], basis: LandmarkBasis) -> Iterator[LabelledFace]:
    """The faces with the 62 parameters of a face model, fitted to their landmarks in 3D."""
    for batch in _batches(faces):
        points = crop_frame_from_stored(np.stack([face.landmarks for face in batch]))
        params = fit_parameters(points, basis.mean, basis.modes)
        params[:, 11] = 0.0  # a crop does not show the distance
        for face, row in zip(batch, params, strict=True):
            yield replace(face, fitted=row)


def _batches(faces: Iterable[LabelledFace]) -> Iterator[list[LabelledFace]]:
    batch: list[LabelledFace] = []
    for face in faces:
        batch.append(face)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def blendshape_row(weights: Mapping[str, float]) -> NDArray[np.float32]:
    """(51,) weights in the order of BLENDSHAPE_NAMES."""
    return np.array([weights.get(name, 0.0) for name in BLENDSHAPE_NAMES], np.float32)
