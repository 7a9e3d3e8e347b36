"""What is known of a person in a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..detectors.non_maximum_suppression import iou_matrix
from ..face import Face
from ..imaging.roi import Roi
from .face_smoother import FaceSmoother

_SAME_IOU = 0.3
_FARTHEST = 0.6  # of the square's side, between where a face went and where it comes back
_MOST_GROWTH = 1.5


@dataclass(slots=True, eq=False)
class Track:
    """A person: the id, the last face, and where the network looks next.

    Attributes:
        id: Number in the stream.
        first_s: When the person was first seen.
        face: Of the last frame with it.
        next_roi: The square for the next frame.
        smoother: None where nothing is smoothed.
        seen_s: When the face was last seen.
    """

    id: int
    first_s: float
    face: Face
    next_roi: Roi
    smoother: FaceSmoother | None
    seen_s: float = 0.0

    def __post_init__(self) -> None:
        """A new person was seen just now."""
        self.seen_s = self.first_s

    def take(self, face: Face, next_roi: Roi, time_s: float) -> None:
        """The person's face in another frame."""
        self.face, self.next_roi, self.seen_s = face, next_roi, time_s

    def may_be(self, face: Face) -> bool:
        """Whether a face is at the place, and of the size, where the person was lost."""
        here, there = self.next_roi, face.roi
        larger, smaller = max(here.side, there.side), min(here.side, there.side)
        middle = np.array([here.x0 - there.x0, here.y0 - there.y0]) + (here.side - there.side) / 2
        return larger <= _MOST_GROWTH * smaller and float(np.hypot(*middle)) <= _FARTHEST * larger


def same_face(first: Face, second: Face) -> bool:
    """Whether two results show one face of the frame."""
    boxes = [
        np.concatenate([face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)])
        for face in (first, second)
    ]
    return float(iou_matrix(boxes[0][None], boxes[1][None])[0, 0]) >= _SAME_IOU
