"""The faces with the largest errors on one sheet, truth and prediction drawn over each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.imaging.face_crop import Image, crop_face
from frsdk.imaging.roi import Roi

from ..protocols.face_set import Picture

Array = NDArray[np.float64]

TRUTH_COLOUR, FOUND_COLOUR = (60, 200, 60), (50, 60, 235)  # green and red, BGR
_JOIN_COLOUR = (230, 200, 90)
_CELL, _CAPTION, _HEAD, _COLUMNS, _GAP = 220, 40, 44, 6, 6
_GROWN = 1.3  # of the true square, so that what lies around the face shows
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SAMPLES, _BITS = 3, 3  # points are drawn on an enlarged cell and averaged


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One face on the sheet.

    Attributes:
        picture: What was run.
        error_percent: Its NME; NaN for a face that the detector missed.
        yaw_deg: Its true yaw.
        truth: (k, 2) label pixels, NaN where not visible.
        found: (k, 2) label pixels, NaN where missed.
    """

    picture: Picture
    error_percent: float
    yaw_deg: float
    truth: Array
    found: Array


def contact_sheet(title: str, cases: Sequence[Case]) -> Image:
    """Draw the cases, six in a row, in the order given.

    Green points are the truth, red ones the prediction, a line joins each pair.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    rows = -(-len(cases) // _COLUMNS)
    step_x, step_y = _CELL + _GAP, _CELL + _CAPTION + _GAP
    width = _COLUMNS * step_x + _GAP
    sheet = np.full((_HEAD + rows * step_y + _GAP, width, 3), 255, np.uint8)
    _caption(sheet, title, (_GAP, 28), 0.6, (30, 30, 30))
    right = width - 250
    _caption(sheet, "truth", (right, 28), 0.6, TRUTH_COLOUR)
    _caption(sheet, "prediction", (right + 90, 28), 0.6, FOUND_COLOUR)
    for index, case in enumerate(cases):
        x = _GAP + index % _COLUMNS * step_x
        y = _HEAD + index // _COLUMNS * step_y
        sheet[y : y + _CELL, x : x + _CELL] = _cell(case)
        error = "missed" if np.isnan(case.error_percent) else f"{case.error_percent:.1f} %"
        caption = f"{error}   yaw {case.yaw_deg:+.0f}"
        _caption(sheet, caption, (x + 2, y + _CELL + 15), 0.45, (30, 30, 30))
        _caption(sheet, _shortened(case.picture.name), (x + 2, y + _CELL + 32), 0.4, (90, 90, 90))
    return sheet


def _cell(case: Case) -> Image:
    """The face enlarged to a cell, with both sets of points."""
    roi = case.picture.roi
    side = roi.side * _GROWN
    grown = Roi(roi.x0 - (side - roi.side) / 2, roi.y0 - (side - roi.side) / 2, side)
    large = _CELL * _SAMPLES
    picture = crop_face(case.picture.load(), grown, _CELL)
    cell = cv2.resize(picture, (large, large), interpolation=cv2.INTER_NEAREST)
    cell_from_image = _square(grown.crop_from_image(large))
    matrix = cell_from_image @ np.linalg.inv(_square(case.picture.label_from_image))
    truth, found = (
        points @ matrix[:2, :2].T + matrix[:2, 2] for points in (case.truth, case.found)
    )
    for start, end in zip(truth, found, strict=True):
        if np.isfinite(start).all() and np.isfinite(end).all():
            ends = (_fixed(start), _fixed(end))
            cv2.line(cell, *ends, _JOIN_COLOUR, _SAMPLES, cv2.LINE_AA, _BITS)
    radius = round(1.7 * _SAMPLES * (1 << _BITS))
    for points, colour in ((truth, TRUTH_COLOUR), (found, FOUND_COLOUR)):
        for point in points[np.isfinite(points).all(axis=1)]:
            cv2.circle(cell, _fixed(point), radius, colour, cv2.FILLED, cv2.LINE_AA, _BITS)
    smaller = cv2.resize(cell, (_CELL, _CELL), interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)


def _square(matrix: Array) -> Array:
    """(2, 3) affine matrix -> (3, 3)."""
    return np.concatenate([matrix, [[0.0, 0.0, 1.0]]])


def _fixed(point: Array) -> tuple[int, int]:
    x, y = np.rint(np.clip(point, -1e4, 1e4) * (1 << _BITS)).astype(int)
    return int(x), int(y)


def _shortened(name: str, limit: int = 30) -> str:
    return name if len(name) <= limit else f"...{name[3 - limit :]}"


def _caption(
    sheet: Image, text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]
) -> None:
    plain = text.encode("ascii", "replace").decode()  # Hershey fonts have no other letters
    cv2.putText(sheet, plain, at, _FONT, size, colour, 1, cv2.LINE_AA)
