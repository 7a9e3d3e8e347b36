"""Where the network looks: squares from the caller's ROIs, boxes, or a detector's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from ..imaging.face_crop import Image
from ..imaging.roi import Roi
from ..specs.option_numbers import finite_number
from .box_rule import DEFAULT_BOX_RULE, BoxRule, roi_from_box
from .detection import Detection, Detector

Box = tuple[float, float, float, float]

SMALLEST_SIDE_PX = 8.0  # of a square: below, its pixels hold no face
_FARTHEST_PX = 1e9  # beyond this, arithmetic on a square loses its pixels


@dataclass(frozen=True, slots=True)
class Target:
    """A face to reconstruct.

    Attributes:
        roi: The square that the network will see.
        score: The detector's score, or 1.
        box_xyxy: The detector's or caller's box in image pixels; None where a ROI was given.
        points_xy: The detector's five points, where it gives them.
    """

    roi: Roi
    score: float = 1.0
    box_xyxy: Box | None = None
    points_xy: tuple[tuple[float, float], ...] = ()


def targets_from_rois(rois: Iterable[ArrayLike | Roi], image: Image) -> list[Target]:
    """Targets for exact squares.

    Raises:
        InputError: A square is not finite, inverted, not square, too small or outside the image.
    """
    _check_list(rois, "rois")
    targets = []
    for index, item in enumerate(rois):
        name = f"rois[{index}]"
        if isinstance(item, Roi):
            roi = item
            if max(map(abs, roi.xyxy)) > _FARTHEST_PX:
                raise InputError(f"{name}: expected coordinates within 1e9 px, got {roi}")
        else:
            box = _checked_box(item, name)
            try:
                roi = Roi.from_xyxy(box)
            except InputError as error:
                raise InputError(f"{name}: {error}") from error
        _check_size(roi, name)
        _check_inside(_bounds(roi), name, image)
        targets.append(Target(roi))
    return targets


def targets_from_boxes(boxes: Iterable[ArrayLike], image: Image) -> list[Target]:
    """Targets for face boxes, with their roll as a fifth number or without, by the default rule.

    Raises:
        InputError: A box is not finite, inverted, too small or outside the image.
    """
    _check_list(boxes, "boxes")
    targets = []
    for index, item in enumerate(boxes):
        name = f"boxes[{index}]"
        corners, roll_deg = _split_roll(item, name)
        box = _checked_box(corners, name)
        _check_inside(box, name, image)
        roi = roi_from_box(box, DEFAULT_BOX_RULE, roll_deg=roll_deg)
        _check_size(roi, name)
        targets.append(Target(roi, box_xyxy=box))
    return targets


def targets_from_detector(
    detector: Detector, image: Image, *, min_score: float | None
) -> list[Target]:
    """Targets for what a detector finds, largest first.

    Raises:
        InputError: The detector returned something else than detections inside the image.
    """
    rule = getattr(detector, "box_rule", DEFAULT_BOX_RULE)
    found = detector(image)
    if not isinstance(found, Sequence):
        raise InputError(
            f"expected a list of frsdk.Detection from the detector, got {type(found).__name__}"
        )
    targets = []
    for index, each in enumerate(found):
        target = _target_from_detection(each, f"detection {index}", rule, image)
        if min_score is None or target.score >= min_score:
            targets.append(target)
    targets.sort(key=lambda target: target.roi.side, reverse=True)
    return targets


def _target_from_detection(found: object, name: str, rule: BoxRule, image: Image) -> Target:
    if not isinstance(found, Detection):
        raise InputError(f"{name}: expected a frsdk.Detection, got {type(found).__name__}")
    try:
        for what, value in (("score", found.score), ("roll_deg", found.roll_deg)):
            finite_number(what, value, -math.inf)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    box = _checked_box(found.box_xyxy, name)
    _check_inside(box, name, image)
    roi = roi_from_box(box, rule, roll_deg=found.roll_deg)
    return Target(roi, score=float(found.score), box_xyxy=box, points_xy=found.points_xy)


def _check_list(items: object, name: str) -> None:
    if not isinstance(items, Iterable):
        raise InputError(f"expected {name} as a list of four numbers each, got {items!r}")


def _split_roll(item: ArrayLike, name: str) -> tuple[ArrayLike, float]:
    """The corners, and the roll of a box of five numbers; 0 for one of four."""
    if not isinstance(item, Sequence | np.ndarray) or len(item) != 5:
        return item, 0.0
    try:
        roll_deg = float(item[4])
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected a roll in degrees, got {item[4]!r}") from error
    if not math.isfinite(roll_deg):
        raise InputError(f"{name}: expected a finite roll in degrees, got {roll_deg}")
    return item[:4], roll_deg


def _checked_box(item: ArrayLike, name: str) -> Box:
    try:
        values = np.asarray(item, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected 4 numbers x0, y0, x1, y1, got {item!r}") from error
    if values.shape != (4,):
        raise InputError(f"{name}: expected 4 numbers x0, y0, x1, y1, got shape {values.shape}")
    x0, y0, x1, y1 = (float(value) for value in values)
    if not np.isfinite(values).all():
        raise InputError(f"{name}: expected finite numbers, got {_text((x0, y0, x1, y1))}")
    if np.abs(values).max() > _FARTHEST_PX:
        raise InputError(
            f"{name}: expected coordinates within 1e9 px, got {_text((x0, y0, x1, y1))}"
        )
    if x1 <= x0 or y1 <= y0:
        raise InputError(
            f"{name}: expected x1 > x0 and y1 > y0, got {_text((x0, y0, x1, y1))}: "
            "give corners x0, y0, x1, y1, not x, y, width, height"
        )
    return x0, y0, x1, y1


def _check_size(roi: Roi, name: str) -> None:
    if roi.side < SMALLEST_SIDE_PX:
        raise InputError(
            f"{name}: a square of {roi.side:g} px shows no face: "
            f"give squares of at least {SMALLEST_SIDE_PX:g} px"
        )


def _check_inside(box: Sequence[float], name: str, image: Image) -> None:
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        raise InputError(
            f"{name}: {_text(box)} lies outside the image of {width} x {height} px: "
            "give pixels of this image"
        )


def _bounds(roi: Roi) -> Box:
    """The box around a square that may be rotated."""
    angle = math.radians(roi.roll_deg)
    half = roi.side / 2 * (abs(math.cos(angle)) + abs(math.sin(angle)))
    x, y = roi.x0 + roi.side / 2, roi.y0 + roi.side / 2
    return x - half, y - half, x + half, y + half


def _text(box: Sequence[float]) -> str:
    return f"({', '.join(f'{value:g}' for value in box)})"
