"""MediaPipe's short-range face detector: boxes and eyes, up to a few metres."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .tflite_models import TfliteModel

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

_GRIDS = ((16, 2), (8, 6))  # cells a side and anchors a cell; each at its cell's centre
_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face in a picture.

    Attributes:
        centre_xy: Of its box, in image pixels.
        side: Longer side of its box.
        roll_deg: Of the line between the eyes, clockwise in the image.
        score: 0..1.
    """

    centre_xy: tuple[float, float]
    side: float
    roll_deg: float
    score: float


class ShortRangeDetector:
    """Finds faces that take a tenth of the picture or more."""

    def __init__(self, model: TfliteModel) -> None:
        self._model = model
        self._anchors = np.concatenate([_grid(cells, count) for cells, count in _GRIDS])

    def __call__(self, image_bgr: Image, *, least_score: float = 0.5) -> list[FoundFace]:
        """Faces of a (H, W, 3) uint8 picture, the surest first."""
        square, scale, shift = _letterboxed(image_bgr, self._model.size)
        raw, logits = self._model(square)
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits[0, :, 0].astype(np.float64), -50.0, 50.0)))
        kept = np.flatnonzero(scores >= least_score)
        points = raw[0, kept].astype(np.float64).reshape(len(kept), 8, 2)  # centre, size, 6 points
        points[:, [0, 2, 3, 4, 5, 6, 7]] += self._anchors[kept, None] * self._model.size
        points[:, [0, *range(2, 8)]] = (points[:, [0, *range(2, 8)]] - shift) / scale
        points[:, 1] /= scale
        boxes = [(*(p[0] - p[1] / 2.0), *p[1]) for p in points]
        order = cv2.dnn.NMSBoxes(boxes, scores[kept].tolist(), least_score, _OVERLAP)
        return [_face(points[k], float(scores[kept[k]])) for k in np.array(order).reshape(-1)]


def _face(points: Array, score: float) -> FoundFace:
    across = points[3] - points[2]  # from the eye on the left of an upright picture
    roll = float(np.degrees(np.arctan2(across[1], across[0])))
    return FoundFace(
        (float(points[0, 0]), float(points[0, 1])), float(points[1].max()), roll, score
    )


def _grid(cells: int, count: int) -> Array:
    """(cells² count, 2) centres of the cells, 0..1, row by row."""
    centres = (np.arange(cells) + 0.5) / cells
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    return np.asarray(grid.repeat(count, axis=0), np.float64)


def _letterboxed(image: Image, size: int) -> tuple[NDArray[np.float32], float, Array]:
    """The picture in a square, RGB in -1..1; scale and shift from its pixels to the square's."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    shift = np.array([(size - width * scale) / 2.0, (size - height * scale) / 2.0])
    matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
    small = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_AREA)
    return (
        (small[:, :, ::-1] / np.float32(127.5) - np.float32(1.0)).astype(np.float32),
        scale,
        shift,
    )
