"""Faces found in something that is upside down or on its side are told from right ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..imaging.face_crop import crop_face
from ..imaging.roi import Roi
from ..specs.detector_spec import FOUR_LOOKS
from .detector_outputs import Found, roll_of_points
from .doubtful_faces import Look

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_LEAST_SCORE = 0.05  # of what is listened to in the turned views
_TILE_SHARE = 0.4  # longer side of the face's box in its quarter
_MOST_OFFSET, _SIZE_RANGE = 0.15, (0.55, 1.7)  # of the quarter, and of that box


def right_way_up(
    image_bgr: Image, found: Found, size: int, look: Look, scores: tuple[float, ...] = FOUR_LOOKS
) -> NDArray[np.bool_]:
    """Which faces look more like one as they were found than turned by 90, 180 or 270 degrees.

    A face on its head resembles an upright one (the chin a forehead, the mouth a frown), and
    gets a middling score, five points and landmarks that are all wrong. Each face that is not sure
    is therefore looked at once more in four quarters of one square: as found,
    and turned by each right angle. One of the others scores higher where it was found wrongly
    (docs/notes/detector.md has the figures).

    Args:
        image_bgr: (H, W, 3) uint8.
        found: Its faces.
        size: Pixels of a side of the network's input.
        look: Runs the network on squares.
        scores: Below the first a face is not sure; it needs the second in its own quarter.

    Returns:
        (n,) whether each face may stay.
    """
    stays = np.ones(len(found.scores), np.bool_)
    rows = np.flatnonzero(found.scores < scores[0])
    if not len(rows):
        return stays
    rolls = roll_of_points(found.points[rows])
    squares = [
        _four_views(image_bgr, box, float(roll), size)
        for box, roll in zip(found.boxes[rows], rolls, strict=True)
    ]
    for row, seen in zip(rows, look(squares, _LEAST_SCORE), strict=True):
        own, *others = _scores_of_quarters(seen, size)
        stays[row] = own >= max(scores[1], *others)
    return stays


def _four_views(image_bgr: Image, box: Array, roll_deg: float, size: int) -> Image:
    """(size, size, 3): the face upright as it was found, then turned by right angles."""
    quarter = size // 2
    side = float((box[2:] - box[:2]).max()) / _TILE_SHARE
    x, y = ((box[:2] + box[2:]) / 2).tolist()
    views = np.zeros((size, size, 3), np.uint8)
    for k, (left, top) in enumerate(_corners(quarter)):
        square = Roi(x - side / 2, y - side / 2, side, roll_deg + 90.0 * k)
        view = crop_face(image_bgr, square, quarter)
        views[top : top + quarter, left : left + quarter] = view
    return views


def _scores_of_quarters(seen: Found, size: int) -> list[float]:
    """Best score of a face of the right size in the middle of each quarter; 0 without one."""
    quarter = size // 2
    centres = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2
    sizes = (seen.boxes[:, 2:] - seen.boxes[:, :2]).max(axis=1, initial=0.0)
    low, high = (factor * _TILE_SHARE * quarter for factor in _SIZE_RANGE)
    fits = (sizes > low) & (sizes < high)
    scores = []
    for corner in _corners(quarter):
        offset = np.abs(centres - (np.array(corner) + quarter / 2)).max(axis=1, initial=0.0)
        here = fits & (offset < _MOST_OFFSET * quarter)
        scores.append(float(seen.scores[here].max(initial=0.0)))
    return scores


def _corners(quarter: int) -> list[tuple[int, int]]:
    return [(quarter * (k % 2), quarter * (k // 2)) for k in range(4)]
