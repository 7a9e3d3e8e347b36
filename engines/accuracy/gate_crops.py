"""The faces that the accuracy gate measures on: crops with the truth about their landmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError, MissingDependencyError
from frsdk.imaging.face_crop import crop_face
from frsdk.imaging.read_image import read_image
from frsdk.imaging.roi import Roi, image_from_crop_points, roi_from_landmarks
from frsdk.metrics.nme import nme_percent

Crops = NDArray[np.uint8]
Points = NDArray[np.float64]
LandmarksOf = Callable[[Crops], Points]
"""(n, size, size, 3) uint8 BGR -> (n, 68, 3) crop pixels: the FP32 network."""

_SHIFT = 0.04  # of the ROI's side, each way
_SCALE = (0.92, 1.02)  # of the ROI's side
_SELF_CONTRADICTION = 5.0  # percent
_SEED = 21
_PHOTO = "sample:astronaut"
_PHOTO_ROI = Roi(160.0, 50.0, 130.0)  # about its face; FP32 finds the exact one


@dataclass(frozen=True, slots=True, eq=False)
class GateFaces:
    """Crops and what is true of them.

    Attributes:
        crops: (n, size, size, 3) uint8 BGR.
        landmarks: (n, 68, 2) true crop pixels, x right, y down.
        source: What they are, for people.
    """

    crops: Crops = field(repr=False)
    landmarks: Points = field(repr=False)
    source: str

    @property
    def sha256(self) -> str:
        """Digest of the crops' pixels."""
        return hashlib.sha256(np.ascontiguousarray(self.crops).tobytes()).hexdigest()

    def joined(self, other: GateFaces) -> GateFaces:
        """Both, one after the other."""
        return GateFaces(
            np.concatenate([self.crops, other.crops]),
            np.concatenate([self.landmarks, other.landmarks]),
            f"{self.source}, {other.source}",
        )


def moved_crop(
    image_bgr: Crops, landmarks_xy: Points, roi: Roi, size: int, random: np.random.Generator
) -> tuple[Crops, Points]:
    """Cut a slightly shifted and scaled ROI, and move the truth along.

    Args:
        image_bgr: (H, W, 3) uint8.
        landmarks_xy: (68, 2) true image pixels.
        roi: The exact ROI of the face.
        size: Pixels of a side of the crop.
        random: Gives the shift and the scale.

    Returns:
        The crop, and (68, 2) landmarks in its pixels.
    """
    side = roi.side * random.uniform(*_SCALE)
    x, y = random.uniform(-_SHIFT, _SHIFT, 2) * roi.side + (roi.side - side) / 2.0
    moved = Roi(roi.x0 + float(x), roi.y0 + float(y), side)
    matrix = moved.crop_from_image(size)
    points = np.asarray(landmarks_xy, np.float64) @ matrix[:, :2].T + matrix[:, 2]
    return crop_face(image_bgr, moved, size), points


def faces_from_crops(crops: Crops, landmarks_of: LandmarksOf, *, at_least: int) -> GateFaces:
    """Moved copies of crops without labels; the truth is what FP32 finds on the crops themselves.

    Where FP32 contradicts itself, by 5 % of NME between a crop and its moved copy, there is no
    truth: such copies are left out.

    Args:
        crops: (n, size, size, 3) uint8 BGR.
        landmarks_of: The FP32 network.
        at_least: Moved crops in all, before some are left out; each crop gives equally many.

    Raises:
        InputError: Nothing is left.
    """
    size = crops.shape[1]
    truth = landmarks_of(crops)[..., :2]
    roi = Roi(0.0, 0.0, float(size))
    random = np.random.default_rng(_SEED)
    times = -(-at_least // len(crops))
    moved = [
        moved_crop(crop, points, roi, size, random)
        for crop, points in zip(crops, truth, strict=True)
        for _ in range(times)
    ]
    faces = _stacked(moved, f"{len(crops)} calibration crops")
    certain = nme_percent(landmarks_of(faces.crops), faces.landmarks) <= _SELF_CONTRADICTION
    if not certain.any():
        raise InputError(
            f"{len(crops)} calibration crops: the network finds another face in each when it is "
            "moved a little: give square face crops as frsdk cuts them"
        )
    return GateFaces(faces.crops[certain], faces.landmarks[certain], faces.source)


def faces_from_photo(landmarks_of: LandmarksOf, size: int, *, count: int) -> GateFaces | None:
    """Moved crops of scikit-image's photograph; None where that package is not installed."""
    try:
        image = read_image(_PHOTO)
    except MissingDependencyError:
        return None
    roi = _PHOTO_ROI
    for _ in range(2):  # the second look sees the face where the network expects it
        found = landmarks_of(crop_face(image, roi, size)[None])[0]
        points = image_from_crop_points(found, roi, size)
        roi = roi_from_landmarks(points)
    random = np.random.default_rng(_SEED)
    moved = [moved_crop(image, points[:, :2], roi, size, random) for _ in range(count)]
    return _stacked(moved, "sample photo")


def _stacked(moved: list[tuple[Crops, Points]], source: str) -> GateFaces:
    crops, points = zip(*moved, strict=True)
    return GateFaces(np.stack(crops), np.stack(points), source)
