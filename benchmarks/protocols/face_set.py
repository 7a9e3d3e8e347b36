"""Labelled faces as every protocol hands them to the measurement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.imaging.face_crop import Image
from frsdk.imaging.roi import Roi

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Picture:
    """One face to reconstruct.

    Attributes:
        name: As reports show it.
        load: Reads the pixels, (H, W, 3) uint8 BGR.
        roi: The square that the true box gives, in pixels of what `load` returns.
        label_from_image: (2, 3) affine matrix from those pixels to the pixels of the labels.
        is_crop: `load` returns a network crop that leaves no room for a detector.
    """

    name: str
    load: Callable[[], Image]
    roi: Roi
    label_from_image: Array
    is_crop: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """One kind of landmark labels for some of the pictures.

    Attributes:
        name: As tables and file names show it.
        rows: (m,) which pictures.
        points: (m, k, 2) in label pixels; NaN where a point is not visible.
        boxes_xyxy: (m, 4) boxes whose sqrt(w h) divides the distance.
        yaw_deg: (m,) for the bins, either sign.
        weights: (k, 68) that makes the k points out of 68; None for the 68 themselves.
    """

    name: str
    rows: NDArray[np.int64]
    points: Array
    boxes_xyxy: Array
    yaw_deg: Array
    weights: Array | None = None

    def __post_init__(self) -> None:
        """Check counts and numbers.

        Raises:
            InputError: Counts differ, a face has no visible point, or a box or yaw is not finite.
        """
        counts = [len(each) for each in (self.rows, self.points, self.boxes_xyxy, self.yaw_deg)]
        if len(set(counts)) != 1:
            raise InputError(
                f"{self.name}: expected as many points, boxes and yaws as pictures, got {counts}"
            )
        visible: NDArray[np.bool_] = np.asarray(np.isfinite(self.points).all(axis=2), np.bool_)
        usable = visible.any(axis=1) & np.isfinite(self.boxes_xyxy).all(axis=1)
        usable &= np.isfinite(self.yaw_deg)
        usable &= (self.boxes_xyxy[:, 2:] > self.boxes_xyxy[:, :2]).all(axis=1)
        if not usable.all():
            bad = int(self.rows[np.flatnonzero(~usable)[0]])
            raise InputError(
                f"{self.name}: picture {bad} (counted from 0): its landmarks, box or yaw are not "
                "finite numbers, or the box has no area: leave it out"
            )


@dataclass(frozen=True, slots=True)
class FaceSet:
    """The faces of one protocol.

    Attributes:
        name: Of the data set.
        pictures: What to run.
        truths: At least one kind of landmark labels.
        pose_deg: (n, 3) true yaw, pitch and roll in 300W-LP's order and frsdk's signs, NaN where
            unknown.
        landmarks_3d: (n, 68, 3) true landmarks, x right, y down, z toward the camera, one scale;
            NaN where unknown.
        surface_params: (n, 62) raw parameters of the true dense surface in 3DDFA's space, for a
            face model of that space; NaN where unknown.
        notes: What a reader of the figures must know.
    """

    name: str
    pictures: Sequence[Picture]
    truths: Sequence[Truth]
    pose_deg: Array | None = None
    landmarks_3d: Array | None = None
    surface_params: Array | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse an empty set.

        Raises:
            InputError: No picture, or no labels for any.
        """
        if not self.pictures:
            raise InputError(f"{self.name}: no pictures to evaluate")
        if not self.truths or not any(len(truth.rows) for truth in self.truths):
            raise InputError(f"{self.name}: none of the {len(self.pictures)} pictures has labels")


def landmark_boxes(points: Array) -> Array:
    """(n, 4) boxes around the finite ones of (n, k, 2 or more) points."""
    xy = points[..., :2]
    visible = np.isfinite(xy).all(axis=2, keepdims=True)
    low = np.where(visible, xy, np.inf).min(axis=1)
    high = np.where(visible, xy, -np.inf).max(axis=1)
    return np.concatenate([low, high], axis=1)


def shifted(x_px: float, y_px: float) -> Array:
    """(2, 3) matrix that only moves points."""
    return np.array([[1.0, 0.0, x_px], [0.0, 1.0, y_px]])


SAME_PIXELS = shifted(0.0, 0.0)
