"""A smooth shell around the head: what a mask, a scarf or a cap is cut out of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CELLS = (40, 48)  # rows and columns of the map of radii


@dataclass(frozen=True, slots=True, eq=False)
class HeadShell:
    """How far the head reaches from a vertical axis, by angle and height.

    Attributes:
        axis: (2,) x and z of the axis.
        angles: Least and greatest angle about it, 0 to the front, radians.
        heights: Lowest and highest y.
        radius: (rows, columns) largest radius of each cell, from the top and from the least angle.
    """

    axis: Array
    angles: tuple[float, float]
    heights: tuple[float, float]
    radius: Array

    def points(self, angles: Array, heights: Array, distance: float) -> Array:
        """(n, 3) points this far outside the shell."""
        rows, columns = self.radius.shape
        column = (angles - self.angles[0]) / (self.angles[1] - self.angles[0]) * columns - 0.5
        row = (self.heights[1] - heights) / (self.heights[1] - self.heights[0]) * rows - 0.5
        radius = cv2.remap(
            self.radius.astype(np.float32),
            column.astype(np.float32).reshape(-1, 1),
            row.astype(np.float32).reshape(-1, 1),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )[:, 0]
        away = radius + distance
        x = self.axis[0] + away * np.sin(angles)
        z = self.axis[1] + away * np.cos(angles)
        return np.stack([x, heights, z], axis=1)


def head_shell(
    points: NDArray[np.floating],
    axis: tuple[float, float],
    angles: tuple[float, float],
    heights: tuple[float, float],
    *,
    smooth: float = 2.0,
) -> HeadShell:
    """The shell over some points.

    Args:
        points: (n, 3) of the head, y up, z to the front.
        axis: x and z of the vertical axis.
        angles: Least and greatest angle, radians.
        heights: Lowest and highest y.
        smooth: Blur of the map in cells.
    """
    rows, columns = _CELLS
    x, y, z = (np.asarray(points[:, k], np.float64) for k in range(3))
    angle = np.arctan2(x - axis[0], z - axis[1])
    radius = np.hypot(x - axis[0], z - axis[1])
    row = np.floor((heights[1] - y) / (heights[1] - heights[0]) * rows).astype(int)
    column = np.floor((angle - angles[0]) / (angles[1] - angles[0]) * columns).astype(int)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    table = np.zeros(_CELLS, np.float32)
    np.maximum.at(table, (row[inside], column[inside]), radius[inside].astype(np.float32))
    filled = _filled(table)
    # The largest of the neighbours, then smooth: cloth spans hollows and rests on what stands out.
    filled = np.asarray(cv2.dilate(filled, np.ones((5, 5), np.uint8)), np.float32)
    filled = np.maximum(
        cv2.GaussianBlur(filled, (0, 0), smooth), cv2.erode(filled, np.ones((3, 3)))
    )
    return HeadShell(np.array(axis), angles, heights, filled.astype(np.float64))


def _filled(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Empty cells take the largest value near by."""
    filled = table.copy()
    for _ in range(max(table.shape)):
        empty = filled == 0.0
        if not empty.any():
            break
        grown = cv2.dilate(filled, np.ones((3, 3), np.uint8))
        filled[empty] = grown[empty]
    return filled
