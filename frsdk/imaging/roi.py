"""The square that the network sees, and the way between its pixels and the photograph's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Array = NDArray[np.float64]
Row = tuple[float, float, float]

_N_LANDMARKS = 68
# Of 68 landmarks: from eye to eye and from corner to corner of the mouth; from eyes to mouth.
_ACROSS_AND_DOWN = np.zeros((2, _N_LANDMARKS))
_ACROSS_AND_DOWN[0, 36:42], _ACROSS_AND_DOWN[0, 42:48] = -1.0 / 6.0, 1.0 / 6.0
_ACROSS_AND_DOWN[0, 48], _ACROSS_AND_DOWN[0, 54] = -1.0, 1.0
_ACROSS_AND_DOWN[1, 36:48] = -0.5 / 6.0
_ACROSS_AND_DOWN[1, [48, 54]] = 0.5


@dataclass(frozen=True, slots=True)
class Roi:
    """A square region of a photograph, in image pixels.

    The plane is continuous: pixel 0 covers [0, 1). A crop of ``size`` pixels maps crop pixel i
    (centre at the integer) to ``x0 + (i + 0.5) * side / size - 0.5`` (half-pixel exact).

    Attributes:
        x0: Left edge before the turn.
        y0: Top edge before the turn.
        side: Side in image pixels.
        roll_deg: The square is turned clockwise in the image about its centre by this angle.
    """

    x0: float
    y0: float
    side: float
    roll_deg: float = 0.0

    def __post_init__(self) -> None:
        """Refuse non-finite numbers and empty squares.

        Raises:
            InputError: A number is not finite or the side is not positive.
        """
        numbers = (self.x0, self.y0, self.side, self.roll_deg)
        if not all(math.isfinite(value) for value in numbers):
            raise InputError(f"a ROI needs finite numbers, got {numbers}")
        if self.side <= 0.0:
            raise InputError(f"a ROI needs a positive side, got {self.side}")

    @classmethod
    def from_xyxy(cls, xyxy: NDArray[np.floating] | tuple[float, float, float, float]) -> Roi:
        """The ROI with these corners.

        Args:
            xyxy: x0, y0, x1, y1 on the continuous plane; sides equal within 1 % or half a pixel.

        Raises:
            InputError: Not four numbers, not square, empty or not finite.
        """
        try:
            x0, y0, x1, y1 = (float(value) for value in xyxy)
        except (TypeError, ValueError) as error:
            got = " ".join(repr(xyxy).split())[:60]  # an array's repr has several lines
            raise InputError(f"a ROI is four numbers x0, y0, x1, y1, got {got}") from error
        width, height = x1 - x0, y1 - y0
        if not abs(width - height) <= max(0.5, 0.01 * abs(width)):
            raise InputError(
                f"a ROI is square, got {width:.1f} x {height:.1f}: pass boxes= for a face box"
            )
        return cls(x0, y0, (width + height) / 2.0)

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Corners x0, y0, x1, y1 before the turn."""
        return (self.x0, self.y0, self.x0 + self.side, self.y0 + self.side)

    def image_from_crop(self, size: int) -> Array:
        """(2, 3) affine matrix from crop pixels to image pixels, centres at integers."""
        return np.array(self.image_from_crop_rows(size))

    def image_from_crop_rows(self, size: int) -> tuple[Row, Row]:
        """The rows of :meth:`image_from_crop` in plain numbers."""
        scale = self.side / size
        angle = math.radians(self.roll_deg)
        cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
        middle = (size - 1) / 2.0
        x = self.x0 + self.side / 2.0 - 0.5 - (cosine - sine) * middle
        y = self.y0 + self.side / 2.0 - 0.5 - (sine + cosine) * middle
        return (cosine, -sine, x), (sine, cosine, y)  # clockwise when y points down

    def crop_from_image(self, size: int) -> Array:
        """(2, 3) affine matrix from image pixels to crop pixels, centres at integers."""
        forward = self.image_from_crop(size)
        linear = np.linalg.inv(forward[:, :2])
        return np.concatenate([linear, -linear @ forward[:, 2:]], axis=1)


def roi_from_landmarks(landmarks_xy: NDArray[np.floating], *, roll_deg: float = 0.0) -> Roi:
    """The ROI of 68 landmarks by 3DDFA's rule.

    The square on the longer side of the points' box, with its centre, times sqrt(2).

    Args:
        landmarks_xy: (68, 2) or (68, 3) image pixels, centres at integers.
        roll_deg: Turn of the square, and of the box in it, clockwise in the image: of a face that
            leans, :func:`roll_from_landmarks` measures it.

    Raises:
        InputError: Another shape, or the points are not finite or all the same.
    """
    points = _checked_landmarks(landmarks_xy)
    angle = math.radians(roll_deg)
    cosine, sine = math.cos(angle), math.sin(angle)
    turned_back = np.array([[cosine, sine], [-sine, cosine]]) @ points[:, :2].T  # (2, 68)
    (left, top), (right, bottom) = (
        turned_back.min(axis=1).tolist(),
        turned_back.max(axis=1).tolist(),
    )
    side = max(right - left, bottom - top) * math.sqrt(2.0)
    across, down = (left + right) / 2.0, (top + bottom) / 2.0
    corner = 0.5 - side / 2.0  # 0.5: from pixel centres to the continuous plane
    x, y = cosine * across - sine * down, sine * across + cosine * down  # clockwise: y is down
    return Roi(x + corner, y + corner, side, roll_deg)


def roll_from_landmarks(landmarks_xy: NDArray[np.floating]) -> float:
    """How far a face leans in the image, degrees, positive clockwise; as detectors measure it.

    The way from the eyes to the mouth's corners, turned by a right angle, is added to the ways from
    eye to eye and from corner to corner: in a profile, where those vanish, it alone decides.

    Args:
        landmarks_xy: (68, 2) or (68, 3) image pixels.

    Raises:
        InputError: The landmarks have another shape.
    """
    points = _checked_landmarks(landmarks_xy)[:, :2]
    (across_x, across_y), (down_x, down_y) = (_ACROSS_AND_DOWN @ points).tolist()
    return math.degrees(math.atan2(across_y - down_x, across_x + down_y))


def _checked_landmarks(landmarks: NDArray[np.floating]) -> Array:
    points = np.asarray(landmarks, np.float64)
    if points.shape not in ((_N_LANDMARKS, 2), (_N_LANDMARKS, 3)):
        raise InputError(f"expected landmarks ({_N_LANDMARKS}, 2 or 3), got {points.shape}")
    return points


def image_from_crop_matrix(roi: Roi, size: int) -> Array:
    """(3, 4) from crop pixels i, j, z to image pixels x, y and z in the same scale."""
    (a, b, c), (d, e, f) = roi.image_from_crop_rows(size)
    return np.array([(a, b, 0.0, c), (d, e, 0.0, f), (0.0, 0.0, roi.side / size, 0.0)])


def image_from_crop_points(
    points: NDArray[np.floating], roi: Roi, size: int
) -> NDArray[np.float64]:
    """Crop points as image points.

    Args:
        points: (..., 3) crop pixels i (right), j (down), z (toward the camera).
        roi: Where the crop was cut.
        size: Pixels of a side of the crop.

    Returns:
        (..., 3) float64 image pixels x, y and z in the same scale.
    """
    points = np.asarray(points, np.float64)
    flat = points.reshape(1, -1, 3)
    placed = np.asarray(cv2.transform(flat, image_from_crop_matrix(roi, size)), np.float64)
    return placed.reshape(points.shape)
