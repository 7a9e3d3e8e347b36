"""How much worse the landmarks are from a detector's boxes than from true squares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk import (
    BoxRule,
    Detector,
    FaceReconstructor,
    nme_percent,
    roi_from_box,
    roi_from_landmarks,
)
from frsdk.detectors import DEFAULT_BOX_RULE

from .held_out_scenes import Picture
from .match_detections import match

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LandmarkCost:
    """NME of the same faces from two sources of squares, percent of sqrt(w h).

    Attributes:
        n_faces: Faces that the detector found; without any the figures are None.
        true_percent: From the squares of the true landmarks.
        detected_percent: From the detector's boxes, turned by its roll.
        upright_percent: From the detector's boxes, not turned.
    """

    n_faces: int
    true_percent: float | None
    detected_percent: float | None
    upright_percent: float | None


def landmark_cost(
    reconstruct: FaceReconstructor, detect: Detector, pictures: Iterable[Picture]
) -> LandmarkCost:
    """Reconstruct the found faces from both.

    Args:
        reconstruct: Any; its own detector is not used.
        detect: The detector, at its default threshold.
        pictures: With known landmarks.
    """
    rule: BoxRule = getattr(detect, "box_rule", DEFAULT_BOX_RULE)
    truth: list[Array] = []
    predicted: dict[str, list[Array]] = {"true": [], "detected": [], "upright": []}
    for picture in pictures:
        found = sorted(detect(picture.image), key=lambda each: -each.score)
        owner = match(found, picture.faces, np.zeros((0, 4))).face
        hits = [(each, int(face)) for each, face in zip(found, owner, strict=True) if face >= 0]
        if not hits:
            continue
        rois = {
            "true": [roi_from_landmarks(picture.landmarks[face]) for _, face in hits],
            "detected": [
                roi_from_box(each.box_xyxy, rule, roll_deg=each.roll_deg) for each, _ in hits
            ],
            "upright": [roi_from_box(each.box_xyxy, rule) for each, _ in hits],
        }
        truth += [picture.landmarks[face] for _, face in hits]
        for name, squares in rois.items():
            faces = reconstruct(picture.image, rois=squares)
            predicted[name] += [face.landmarks[:, :2].astype(np.float64) for face in faces]
    if not truth:
        return LandmarkCost(0, None, None, None)
    nme = {
        name: float(nme_percent(np.stack(points), np.stack(truth)).mean())
        for name, points in predicted.items()
    }
    return LandmarkCost(len(truth), nme["true"], nme["detected"], nme["upright"])
