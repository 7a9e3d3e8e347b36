"""One labelled face on its way into shards of crops."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.imaging.face_crop import crop_face
from frsdk.imaging.roi import Roi, roi_from_landmarks

from .face_labels import MARGIN, NETWORK_SIZE, STORED_SIZE

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFace:
    """A stored crop with its labels, as one row of ``train.npz``.

    Attributes:
        key: Name, unique in its split.
        crop: (160, 160, 3) uint8 BGR around the nominal ROI.
        landmarks: (68, 3) 160-crop pixels, y down, z toward the camera, zero mean.
        yaw_deg: Positive when the face turns to the image's right; within ±90 (300W-LP's order).
        source: Name of the data set.
        spread: Disagreement inside an ensemble of labels, share of the ROI side.
        annotation: (68, 2) points of people in 160-crop pixels, NaN where none.
        parameters_3ddfa: (62,) raw 3DDFA parameters of the nominal crop (counted from 1); zero
            where unknown.
        mesh_points: (68, 2) points of a face mesh in 160-crop pixels, NaN where it gives none.
        eyes: "closed" or "open" where the source says it, else anything.
        identity: The person's name, "" where unknown.
        visible: (68,) which landmarks nothing hides; None where unknown.
        blendshapes: (51,) weights in the order of BLENDSHAPE_NAMES; None where unknown.
        fitted: (62,) parameters of a face model in the crop frame; None where not fitted.
    """

    key: str
    crop: NDArray[np.uint8]
    landmarks: Array
    yaw_deg: float
    source: str
    spread: float = 0.0
    annotation: Array = field(default_factory=lambda: np.full((68, 2), np.nan))
    parameters_3ddfa: Array = field(default_factory=lambda: np.zeros(62))
    mesh_points: Array = field(default_factory=lambda: np.full((68, 2), np.nan))
    eyes: str = ""
    identity: str = ""
    visible: NDArray[np.bool_] | None = None
    blendshapes: NDArray[np.float32] | None = None
    fitted: Array | None = None


def stored_crop(
    image_bgr: NDArray[np.uint8], landmarks: Array
) -> tuple[NDArray[np.uint8], Array, Roi]:
    """The stored crop around landmarks in a photograph.

    Args:
        image_bgr: (H, W, 3) uint8.
        landmarks: (68, 3) image pixels, x right, y down, z in the same scale toward the camera.

    Returns:
        (160, 160, 3) crop, (68, 3) landmarks in its pixels with z of zero mean, and the nominal
        ROI, which the crop covers with a margin.

    Raises:
        InputError: The landmarks are not finite, all the same, or far outside the picture.
    """
    roi = roi_from_landmarks(landmarks)
    height, width = image_bgr.shape[:2]
    x, y = landmarks[:, 0].mean(), landmarks[:, 1].mean()
    if not (-width <= x <= 2 * width and -height <= y <= 2 * height):
        raise InputError(f"landmarks around ({x:.0f}, {y:.0f}) lie outside the {width}x{height}")
    margin = roi.side * MARGIN / NETWORK_SIZE
    grown = Roi(roi.x0 - margin, roi.y0 - margin, roi.side + 2 * margin)
    return crop_face(image_bgr, grown, STORED_SIZE), stored_points(landmarks, roi), roi


def stored_points(points: Array, roi: Roi) -> Array:
    """Image points (k, 2) or (k, 3) in stored-crop pixels of a nominal ROI; z of zero mean."""
    scale = NETWORK_SIZE / roi.side
    moved = np.array(points, np.float64)
    moved[:, 0] = (moved[:, 0] + 0.5 - roi.x0) * scale - 0.5 + MARGIN
    moved[:, 1] = (moved[:, 1] + 0.5 - roi.y0) * scale - 0.5 + MARGIN
    if moved.shape[1] == 3:
        moved[:, 2] = (moved[:, 2] - moved[:, 2].mean()) * scale
    return moved
