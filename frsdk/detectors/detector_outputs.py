"""What a detector's cells say, as boxes, scores and points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..specs.detector_spec import DetectorSpec

FloatArray = NDArray[np.float64]

_MOST_EXPONENT = 700.0  # above it an exponential overflows
_MOST_LOG_SIZE = 5.0  # of a stride: e^5 x 32 px is far above the input's side


@dataclass(frozen=True, slots=True)
class Found:
    """n faces of one picture, on its continuous plane.

    Attributes:
        boxes: (n, 4) xyxy.
        scores: (n,) 0..1.
        points: (n, 5, 2) right eye, left eye, nose tip, right and left mouth corner.
    """

    boxes: FloatArray
    scores: FloatArray
    points: FloatArray

    def __getitem__(self, rows: NDArray[np.intp]) -> Found:
        """Some of the faces."""
        return Found(self.boxes[rows], self.scores[rows], self.points[rows])


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says, in plain numbers.

    Attributes:
        score: 0..1.
        points: (5, 2) as :class:`Found` has them.
    """

    score: float
    points: list[tuple[float, float]]


def joined(parts: list[Found]) -> Found:
    """The faces of several parts of a picture, which may be none."""
    empty = Found(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))
    return Found(
        np.concatenate([empty.boxes, *(part.boxes for part in parts)]),
        np.concatenate([empty.scores, *(part.scores for part in parts)]),
        np.concatenate([empty.points, *(part.points for part in parts)]),
    )


class CellDecoder:
    """Reads a detector's output.

    Args:
        spec: The detector's specification, which states the order of cells and values.
    """

    def __init__(self, spec: DetectorSpec) -> None:
        centres, strides = [], []
        for stride in spec.strides:
            cells = spec.input.size // stride
            row, column = np.divmod(np.arange(cells * cells), cells)
            centres.append((np.stack([column, row], axis=1) + 0.5) * stride)
            strides.append(np.full(cells * cells, float(stride)))
        self._centres, self._strides = np.concatenate(centres), np.concatenate(strides)

    def __call__(self, output: NDArray[np.float32], min_score: float) -> Found:
        """The faces of one input of the network, before non-maximum suppression.

        Args:
            output: (15, cells).
            min_score: Leave out cells below this score; only the others are decoded.
        """
        cells, values = self._likely(output, min_score)
        stride, cell = self._strides[cells], self._centres[cells]
        centre = cell + (values[1:3] * stride).T
        half = (np.exp(np.minimum(values[3:5], _MOST_LOG_SIZE)) * stride).T / 2
        scores, points = self._scores_and_points(cells, values)
        return Found(np.concatenate([centre - half, centre + half], axis=1), scores, points)

    def scores_and_points(
        self, output: NDArray[np.float32], min_score: float
    ) -> tuple[FloatArray, FloatArray]:
        """The (n,) scores and (n, 5, 2) points of :meth:`__call__` alone, in half its time."""
        return self._scores_and_points(*self._likely(output, min_score))

    def best(self, output: NDArray[np.float32]) -> Cell:
        """The cell of the highest score: of one face, in a fifth of the time of all cells.

        Args:
            output: (15, cells).
        """
        cell = int(output[0].argmax())
        values = output[:, cell].tolist()
        (x, y), stride = self._centres[cell].tolist(), float(self._strides[cell])
        score = 1.0 / (1.0 + math.exp(min(-values[0], _MOST_EXPONENT)))
        xs, ys = values[5::2], values[6::2]
        return Cell(score, [(a * stride + x, b * stride + y) for a, b in zip(xs, ys, strict=True)])

    def _likely(
        self, output: NDArray[np.float32], min_score: float
    ) -> tuple[NDArray[np.intp], FloatArray]:
        """The n cells with that score, and their (15, n) values."""
        # score >= min_score, without an exponential for each cell
        share = min(max(min_score, 1e-12), 1.0 - 1e-12)
        least = math.log(share / (1.0 - share)) if min_score > 0.0 else -math.inf
        cells = np.flatnonzero(output[0] >= least)
        return cells, output[:, cells].astype(np.float64)

    def _scores_and_points(
        self, cells: NDArray[np.intp], values: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        points = values[5:].T.reshape(-1, 5, 2)  # (10, n) -> (n, 10) -> (n, 5, 2)
        placed = points * self._strides[cells, None, None] + self._centres[cells, None]
        return 1.0 / (1.0 + np.exp(-values[0])), placed


def roll_of_points(points: FloatArray) -> FloatArray:
    """Roll of faces from five points.

    The way from eyes to mouth, turned by a right angle, is added to the ways from eye to eye and
    from mouth corner to mouth corner: in a profile, where those vanish, it alone decides.

    Args:
        points: (n, 5, 2) right eye, left eye, nose tip, right and left mouth corner.

    Returns:
        (n,) degrees, positive clockwise in the image.
    """
    across = points[:, 1] - points[:, 0] + points[:, 4] - points[:, 3]  # (n, 2)
    down = (points[:, 3] + points[:, 4] - points[:, 0] - points[:, 1]) / 2
    across = across + np.stack([down[:, 1], -down[:, 0]], axis=1)
    return np.asarray(np.degrees(np.arctan2(across[:, 1], across[:, 0])), np.float64)
