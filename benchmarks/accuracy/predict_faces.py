"""What a network says about every face of a set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.face import Face
from frsdk.imaging.face_crop import Image
from frsdk.imaging.roi import Roi
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor

from ..protocols.face_set import FaceSet, Picture
from .surface_error import corresponding_nme_percent, eye_distance, nearest_nme_percent

Array = NDArray[np.float64]

_MIN_OVERLAP = 0.3  # intersection over union with the true square for a detection to count
_SIZE = 120  # any: a similarity alignment follows


@dataclass(frozen=True, slots=True)
class Prediction:
    """Of one network for n pictures; NaN where the detector found no face.

    Attributes:
        landmarks: (n, 68, 2) in label pixels.
        pose_deg: (n, 3) yaw, pitch, roll in the order of 300W-LP (`Pose.angles_300w_lp`).
        reconstruction_percent: (n,) error of the shape after alignment, NaN where there is no
            true shape.
        compared: What `reconstruction_percent` compares.
    """

    landmarks: Array
    pose_deg: Array
    reconstruction_percent: Array
    compared: str


def predict(
    reconstruct: FaceReconstructor,
    faces: FaceSet,
    *,
    detect: bool = False,
    truth_model: MorphableModel | None = None,
    on_progress: Callable[[], None] | None = None,
) -> Prediction:
    """Run a network over a set, one face after the other.

    Args:
        reconstruct: The network.
        faces: What to run.
        detect: Let the detector find the face instead of giving its true square.
        truth_model: A face model of 3DDFA's space that makes the true surface of the set's
            parameters; None compares the 68 landmarks where they are known in 3D.
        on_progress: Called after each picture.

    Raises:
        InputError: A detector is asked for on network crops.
        ImageFileError: A picture cannot be read.
    """
    n = len(faces.pictures)
    landmarks, poses = np.full((n, 68, 2), np.nan), np.full((n, 3), np.nan)
    errors = np.full(n, np.nan)
    for row, picture in enumerate(faces.pictures):
        face = _face(reconstruct, picture, picture.load(), detect)
        if face is not None:
            points = np.asarray(face.landmarks, np.float64)
            matrix = picture.label_from_image
            landmarks[row] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            poses[row] = face.pose.angles_300w_lp
            errors[row] = _reconstruction_percent(face, faces, row, truth_model)
        if on_progress is not None:
            on_progress()
    return Prediction(landmarks, poses, errors, _compared(reconstruct.face_model, truth_model))


def _face(
    reconstruct: FaceReconstructor, picture: Picture, image: Image, detect: bool
) -> Face | None:
    if not detect:
        return reconstruct(image, rois=[picture.roi])[0]
    if picture.is_crop:
        raise InputError(
            f"{picture.name}: is a network crop, which leaves a detector no room: "
            "give the original pictures, or --boxes truth"
        )
    found = reconstruct(image)
    overlaps = [_overlap(face.roi, picture.roi) for face in found]
    if not found or max(overlaps) < _MIN_OVERLAP:
        return None
    return found[int(np.argmax(overlaps))]


def _overlap(first: Roi, second: Roi) -> float:
    """Intersection over union of two squares, roll left aside."""
    a, b = np.array(first.xyxy), np.array(second.xyxy)
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.prod(np.maximum(sides, 0.0)))
    return common / (first.side**2 + second.side**2 - common)


def _reconstruction_percent(
    face: Face, faces: FaceSet, row: int, truth_model: MorphableModel | None
) -> float:
    found_landmarks = np.asarray(face.landmarks, np.float64)
    if truth_model is None:
        if faces.landmarks_3d is None or not np.isfinite(faces.landmarks_3d[row]).all():
            return float("nan")
        truth = faces.landmarks_3d[row]
        return corresponding_nme_percent(found_landmarks, truth, eye_distance(truth))
    if faces.surface_params is None or not np.isfinite(faces.surface_params[row]).all():
        return float("nan")
    params = faces.surface_params[row : row + 1]
    landmarks = truth_model.decode_landmarks(params, size=_SIZE)[0].astype(np.float64)
    if _landmarks_only(truth_model):
        return corresponding_nme_percent(found_landmarks, landmarks, eye_distance(landmarks))
    surface = truth_model.decode_vertices(params, size=_SIZE)[0].astype(np.float64)
    found = np.asarray(face.vertices, np.float64)
    if face.face_model.sha256 == truth_model.sha256:
        return corresponding_nme_percent(found, surface, eye_distance(landmarks))
    return nearest_nme_percent(found, surface, found_landmarks, landmarks)


def _landmarks_only(model: MorphableModel) -> bool:
    return model.n_vertices == len(model.landmark_indices)


def _compared(model: MorphableModel, truth_model: MorphableModel | None) -> str:
    if truth_model is None or _landmarks_only(truth_model):
        return "68 landmarks"
    if model.sha256 == truth_model.sha256:
        return f"{model.n_vertices} vertices, corresponding"
    return f"{truth_model.n_vertices} true vertices, closest points after ICP"
