"""Doubtful faces are looked at again, alone and at a size that the network knows well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..imaging.face_crop import crop_face
from ..imaging.roi import Roi
from ..specs.detector_spec import SECOND_LOOK
from .detector_outputs import Found
from .non_maximum_suppression import iou_matrix

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
#: Squares (n of size x size px) -> what the network finds in each, down to a score.
Look = Callable[[list[Image], float], list[Found]]

_SEEN_PX = 64.0  # longer side of the face's box in its own square
_LEAST_SCORE = 0.05
_SAME_IOU = 0.4


def looked_again(
    image_bgr: Image, found: Found, size: int, look: Look, scores: tuple[float, ...] = SECOND_LOOK
) -> Found:
    """The faces with the doubtful ones' scores averaged with those of a second look.

    Faces keep what a square around them says again; a texture that looked like a face at one place
    and size seldom does at another (docs/notes/detector.md has the figures).

    Args:
        image_bgr: (H, W, 3) uint8.
        found: Its faces.
        size: Pixels of a side of the network's input.
        look: Runs the network on squares.
        scores: Faces from the first up to the second are doubtful.

    Returns:
        The same faces in their order; nothing is left out.
    """
    doubtful = (found.scores >= scores[0]) & (found.scores < scores[1])
    rows = np.flatnonzero(doubtful)
    if not len(rows):
        return found
    squares = [_square(box, size) for box in found.boxes[rows]]
    views = [crop_face(image_bgr, square, size) for square in squares]
    means = found.scores.copy()
    for row, square, again in zip(rows, squares, look(views, _LEAST_SCORE), strict=True):
        scale = square.side / size
        boxes = again.boxes * scale + np.tile([square.x0, square.y0], 2)
        same = iou_matrix(boxes, found.boxes[row : row + 1])[:, 0] >= _SAME_IOU
        means[row] = (means[row] + again.scores[same].max(initial=0.0)) / 2
    return Found(found.boxes, means, found.points)


def _square(box: Array, size: int) -> Roi:
    """The square in which a box appears at its size, centred."""
    side = float((box[2:] - box[:2]).max()) * size / _SEEN_PX
    x, y = (box[:2] + box[2:]) / 2
    return Roi(float(x) - side / 2, float(y) - side / 2, side)
