"""Overlap of boxes and non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def non_maximum_suppression(
    boxes_xyxy: FloatArray, scores: FloatArray, *, max_iou: float, max_cover: float = 1.0
) -> NDArray[np.intp]:
    """Keep the best box of each group of overlapping ones.

    Args:
        boxes_xyxy: (n, 4) boxes x0, y0, x1, y1.
        scores: (n,) higher is better; of equal scores the first wins.
        max_iou: A box goes when its intersection over union with a better one is above this.
        max_cover: It also goes when the intersection is above this share of the smaller box, so
            that a box inside another one goes too. 1 leaves such boxes alone.

    Returns:
        (k,) indices of the kept boxes, best first.
    """
    area = np.prod(np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0.0), axis=1)
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(waiting):
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        low = np.maximum(boxes_xyxy[best, :2], boxes_xyxy[rest, :2])
        high = np.minimum(boxes_xyxy[best, 2:], boxes_xyxy[rest, 2:])
        overlap = np.prod(np.maximum(high - low, 0.0), axis=1)
        union = np.maximum(area[best] + area[rest] - overlap, 1e-12)
        smaller = np.maximum(np.minimum(area[best], area[rest]), 1e-12)
        # The slack lets max_cover = 1 mean "never", whatever the rounding.
        waiting = rest[(overlap / union <= max_iou) & (overlap / smaller <= max_cover + 1e-9)]
    return np.array(kept, np.intp)


def iou_matrix(first: FloatArray, second: FloatArray) -> FloatArray:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4) xyxy."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.maximum(high - low, 0.0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float64)
