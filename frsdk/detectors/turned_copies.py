"""Faces of any roll, by a detector that knows upright ones: it sees turned copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .box_rule import DEFAULT_BOX_RULE, BoxRule
from .detection import Detection, Detector
from .non_maximum_suppression import non_maximum_suppression

Image = NDArray[np.uint8]
Array = NDArray[np.float64]

RIGHT_ANGLES = (0, 90, 180, 270)
_MAX_IOU, _MAX_COVER = 0.4, 0.75
# A face turned clockwise by the angle stands upright in a copy that is turned back by it.
_TURN_BACK = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class TurnedCopiesDetector:
    """Finds faces turned by right angles: another detector sees the image turned back by each.

    What several copies show at one place is one face: the best score wins. The cost is that of the
    other detector times the number of orientations.
    """

    def __init__(self, detector: Detector, orientations: Sequence[int] = RIGHT_ANGLES) -> None:
        """Wrap a detector.

        Args:
            detector: Finds upright faces, in frsdk's case up to a roll of 45 degrees.
            orientations: Rolls around which faces are looked for, of 0, 90, 180 and 270 degrees
                clockwise.

        Raises:
            InputError: No orientation, another angle, or one twice.
        """
        self._orientations = checked_orientations(orientations)
        self._detector = detector
        self.box_rule: BoxRule = getattr(detector, "box_rule", DEFAULT_BOX_RULE)

    @property
    def detector(self) -> Detector:
        """The one that sees the copies."""
        return self._detector

    def __call__(self, image_bgr: Image, /) -> Sequence[Detection]:
        """Find the faces of an image.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            The faces, best score first, in pixels of that image; rolls in -180..180.
        """
        found: list[Detection] = []
        for angle in self._orientations:
            if not angle:
                found += self._detector(image_bgr)
                continue
            copy = np.asarray(cv2.rotate(image_bgr, _TURN_BACK[angle]), np.uint8)
            found += [_turned(each, angle, image_bgr.shape) for each in self._detector(copy)]
        if not found:
            return []
        kept = non_maximum_suppression(
            np.array([each.box_xyxy for each in found], np.float64),
            np.array([each.score for each in found], np.float64),
            max_iou=_MAX_IOU,
            max_cover=_MAX_COVER,
        )
        return [found[index] for index in kept]


def checked_orientations(orientations: Sequence[int]) -> tuple[int, ...]:
    """The angles, or `InputError` where they are not right angles in 0..270, each once."""
    if not isinstance(orientations, Iterable):
        raise InputError(f"expected orientations as a list of angles, got {orientations!r}")
    chosen = tuple(orientations)
    if not chosen or not set(chosen) <= set(RIGHT_ANGLES) or len(set(chosen)) < len(chosen):
        raise InputError(f"expected orientations of {RIGHT_ANGLES}, each once, got {chosen}")
    return chosen


def _turned(face: Detection, angle: int, shape: tuple[int, ...]) -> Detection:
    """A face of the copy that was turned back by the angle, as it lies in the image."""
    height, width = shape[:2]
    corners = _clockwise(np.array(face.box_xyxy, np.float64).reshape(2, 2), angle, width, height)
    low, high = corners.min(axis=0), corners.max(axis=0)
    points = np.array(face.points_xy, np.float64).reshape(-1, 2) + 0.5  # to the continuous plane
    points = _clockwise(points, angle, width, height) - 0.5
    return Detection(
        box_xyxy=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        score=face.score,
        roll_deg=(face.roll_deg + angle + 180.0) % 360.0 - 180.0,
        points_xy=tuple((float(x), float(y)) for x, y in points),
    )


def _clockwise(points: Array, angle: int, width: int, height: int) -> Array:
    """Points (n, 2) of the copy's continuous plane, turned clockwise onto the image's."""
    x, y = points[:, 0], points[:, 1]
    if angle == 90:
        return np.stack([width - y, x], axis=1)
    if angle == 180:
        return np.stack([width - x, height - y], axis=1)
    return np.stack([y, height - x], axis=1)
