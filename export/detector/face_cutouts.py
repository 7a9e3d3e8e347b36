"""What is cut out of the labelled crops: faces, parts of them, and what lies beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..datasets.face_labels import STORED_SIZE
from .detector_labels import face_boxes, mirrored_landmarks
from .face_stock import FaceStock
from .paste_picture import Image

Array = NDArray[np.float64]

_NARROW_PX = 14
_PHOTOGRAPH_TRIES = 3


class Pieces:
    """Draws from a stock of faces.

    Args:
        stock: The labelled crops.
    """

    def __init__(self, stock: FaceStock) -> None:
        self._stock = stock
        self._cumulative = np.cumsum(stock.sampling)
        boxes = face_boxes(stock.landmarks)
        beyond = np.column_stack([boxes[:, :2] - stock.content[:, :2],
                                  stock.content[:, 2:] - boxes[:, 2:]])  # fmt: skip
        self._whole = beyond.min(axis=1) > 0  # (n,) the photograph goes on around the face's box

    def draw_row(self, rng: np.random.Generator) -> int:
        """A face as often as the stock says."""
        drawn = int(np.searchsorted(self._cumulative, rng.random() * self._cumulative[-1]))
        return min(drawn, len(self._stock) - 1)

    def draw_photograph(self, rng: np.random.Generator) -> int:
        """A face whose crop can be a photograph by itself.

        A chip that ends at its face is one seldom: a detector that sees many of these by
        themselves learns that the face fills the picture.
        """
        row = self.draw_row(rng)
        for _ in range(_PHOTOGRAPH_TRIES - 1):
            if self._whole[row]:
                break
            row = self.draw_row(rng)
        return row

    def face(
        self, row: int, rng: np.random.Generator
    ) -> tuple[Image, Array, tuple[int, int, int, int], Array]:
        """Crop, landmarks, content and neighbours, mirrored half of the time."""
        stock = self._stock
        crop, landmarks = stock.crops[row], stock.landmarks[row]
        x0, y0, x1, y1 = (int(value) for value in stock.content[row])
        neighbours = stock.neighbours.get(row, np.zeros((0, 4)))
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
            landmarks = mirrored_landmarks(landmarks, STORED_SIZE)
            x0, x1 = STORED_SIZE - x1, STORED_SIZE - x0
            neighbours = neighbours.copy()
            neighbours[:, [0, 2]] = STORED_SIZE - neighbours[:, [2, 0]]
        return crop, landmarks, (x0, y0, x1, y1), neighbours

    def fragment(self, rng: np.random.Generator) -> Image:
        """A square of a crop that shows less than a third of its face."""
        crop, landmarks, (x0, y0, x1, y1), _ = self.face(self.draw_row(rng), rng)
        box = face_boxes(landmarks[None])[0]
        side = int((box[2:] - box[:2]).max() / rng.uniform(1.8, 3.2))
        side = max(_NARROW_PX, min(side, x1 - x0, y1 - y0))
        x, y = int(rng.integers(x0, x1 - side + 1)), int(rng.integers(y0, y1 - side + 1))
        return np.ascontiguousarray(crop[y : y + side, x : x + side])

    def beside_a_face(self, rng: np.random.Generator) -> Image | None:
        """The part of a random crop left of, right of or below its face; None if it is narrow."""
        row = self.draw_row(rng)
        x0, y0, x1, y1 = (int(value) for value in self._stock.content[row])
        left, _, right, bottom = face_boxes(self._stock.landmarks[row][None])[0].astype(int)
        parts = [(x0, y0, left - 3, y1), (right + 4, y0, x1, y1), (x0, bottom + 4, x1, y1)]
        wide = [part for part in parts if min(part[2] - part[0], part[3] - part[1]) >= _NARROW_PX]
        if not wide or row in self._stock.neighbours:
            return None
        x0, y0, x1, y1 = wide[int(rng.integers(len(wide)))]
        return np.ascontiguousarray(self._stock.crops[row][y0:y1, x0:x1])
