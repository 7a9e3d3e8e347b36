"""Which detection found which face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk import Detection
from frsdk.detectors.non_maximum_suppression import iou_matrix

Array = NDArray[np.float64]

MIN_IOU = 0.4


@dataclass(frozen=True, slots=True)
class Match:
    """Detections of one picture against its faces.

    Attributes:
        scores: (d,) of the detections that count, best first.
        face: (d,) the face that each found, -1 where it found none.
        n_faces: Of the picture.
    """

    scores: Array
    face: NDArray[np.int64]
    n_faces: int

    def found_at(self, min_score: float) -> NDArray[np.bool_]:
        """(n_faces,) whether a detection of at least this score found each face."""
        found = np.zeros(self.n_faces, np.bool_)
        found[self.face[(self.face >= 0) & (self.scores >= min_score)]] = True
        return found


def match(
    detections: Sequence[Detection], faces: Array, ignored: Array, *, min_iou: float = MIN_IOU
) -> Match:
    """Give each detection, best first, the free face that it overlaps most.

    Args:
        detections: Of one picture.
        faces: (n, 4) boxes to be found.
        ignored: (m, 4) boxes: a detection that found no face and has its centre in one of these, or
            overlaps it, is left out.
        min_iou: Least overlap of a find.
    """
    ranked = sorted(detections, key=lambda each: -each.score)
    boxes = np.array([each.box_xyxy for each in ranked]).reshape(-1, 4)
    overlap = iou_matrix(boxes, faces)  # (d, n)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    excused = (iou_matrix(boxes, ignored) >= min_iou).any(axis=1)
    inside = (centre[:, None] >= ignored[None, :, :2]) & (centre[:, None] <= ignored[None, :, 2:])
    excused |= inside.all(axis=2).any(axis=1)
    free = np.ones(len(faces), np.bool_)
    counted: list[int] = []
    owner: list[int] = []
    for row in range(len(ranked)):
        open_overlap = np.where(free, overlap[row], 0.0)
        best = int(open_overlap.argmax()) if len(faces) else -1
        hit = best >= 0 and open_overlap[best] >= min_iou
        if hit:
            free[best] = False
        if hit or not excused[row]:
            counted.append(row)
            owner.append(best if hit else -1)
    scores = np.array([ranked[row].score for row in counted], np.float64)
    return Match(scores, np.array(owner, np.int64), len(faces))


def average_precision(matches: Sequence[Match]) -> float:
    """Area under the precision-recall curve, precision made monotone (all-point interpolation).

    Returns:
        0..1; NaN without faces.
    """
    total = sum(each.n_faces for each in matches)
    if not total:
        return float("nan")
    scores = np.concatenate([each.scores for each in matches])
    hit = np.concatenate([each.face >= 0 for each in matches])
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(hit[order])
    precision = found / np.arange(1, len(found) + 1)
    recall = np.concatenate([[0.0], found / total])
    best_after = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * best_after).sum())
