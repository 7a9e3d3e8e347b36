"""The figures of one network on one set of faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.metrics.nme import NmeSummary, nme_percent, summarise_nme

from ..protocols.face_set import FaceSet, Truth
from .error_distribution import Distribution, distribution
from .head_pose_error import PoseError, pose_error
from .predict_faces import Prediction

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TruthScore:
    """A network against one kind of labels.

    Attributes:
        truth: Name of the labels.
        errors_percent: (m,) NME of each face, NaN where the detector missed it.
        faces: m.
        missed: Faces that the detector did not find.
        summary: Over the faces found; None where none was.
        distribution: Over all faces, a missed one counting as a failure.
        offset_percent: Median over faces of the mean signed distance found - true, x and y, in
            percent of sqrt(w h): what a constant shift of the labels would show as.
    """

    truth: str
    errors_percent: Array
    faces: int
    missed: int
    summary: NmeSummary | None
    distribution: Distribution
    offset_percent: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Shape error of a network after similarity alignment.

    Attributes:
        compared: Which points.
        mean_percent: Of the true 3D distance of the outer eye corners.
        count: Faces that count.
    """

    compared: str
    mean_percent: float
    count: int


@dataclass(frozen=True, slots=True)
class NetworkScore:
    """All figures of one network.

    Attributes:
        network: Its name.
        description: Engine, device, precision and file.
        face_model: Name of its face model.
        truths: In the order of the set.
        pose: None where no true angles are known.
        reconstruction: None where no true shape is known.
    """

    network: str
    description: str
    face_model: str
    truths: tuple[TruthScore, ...]
    pose: PoseError | None
    reconstruction: Reconstruction | None


def score(
    network: str,
    description: str,
    face_model: str,
    prediction: Prediction,
    faces: FaceSet,
    threshold_percent: float,
) -> NetworkScore:
    """Measure a prediction against everything that is known of a set."""
    errors = prediction.reconstruction_percent
    measured = errors[np.isfinite(errors)]
    reconstruction = None
    if len(measured):
        reconstruction = Reconstruction(prediction.compared, float(measured.mean()), len(measured))
    return NetworkScore(
        network=network,
        description=description,
        face_model=face_model,
        truths=tuple(
            score_truth(prediction.landmarks, truth, threshold_percent) for truth in faces.truths
        ),
        pose=None if faces.pose_deg is None else pose_error(prediction.pose_deg, faces.pose_deg),
        reconstruction=reconstruction,
    )


def score_truth(landmarks: Array, truth: Truth, threshold_percent: float) -> TruthScore:
    """Measure (n, 68, 2) landmarks of a whole set against one kind of labels."""
    points = landmarks[truth.rows]
    if truth.weights is not None:
        points = np.einsum("kp,mpd->mkd", truth.weights, points)
    errors = np.full(len(points), np.nan)
    offsets = np.full((len(points), 2), np.nan)
    for row, (found, wanted) in enumerate(zip(points, truth.points, strict=True)):
        if not np.isfinite(found).all():
            continue
        visible = np.isfinite(wanted).all(axis=1)
        box = truth.boxes_xyxy[row : row + 1]
        errors[row] = nme_percent(found[None, visible], wanted[None, visible], boxes_xyxy=box)[0]
        root = np.sqrt(np.prod(box[0, 2:] - box[0, :2]))
        offsets[row] = 100.0 * (found[visible] - wanted[visible]).mean(axis=0) / root
    seen = ~np.isnan(errors)
    return TruthScore(
        truth=truth.name,
        errors_percent=errors,
        faces=len(errors),
        missed=int((~seen).sum()),
        summary=summarise_nme(errors[seen], truth.yaw_deg[seen]) if seen.any() else None,
        distribution=distribution(errors, threshold_percent),
        offset_percent=_median_offset(offsets[seen]),
    )


def _median_offset(offsets: Array) -> tuple[float, float] | None:
    if not len(offsets):
        return None
    x, y = np.median(offsets, axis=0)
    return float(x), float(y)
