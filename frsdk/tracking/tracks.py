"""What is known of a person in a stream, and which face is whose."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..detectors.non_maximum_suppression import iou_matrix
from ..face import Face
from ..imaging.roi import Roi
from ..morphable.morphable_model import N_SHAPE
from ..morphable.vertex_decoding import N_POSE
from .face_smoother import FaceSmoother

Array = NDArray[np.float64]

SAME_IOU = 0.5  # of the landmarks' boxes: more overlap than this is one face
_FARTHEST = 0.8  # of the face's size, between where a face should be and where one is
_MOST_GROWTH = math.log(1.6)
_OTHER_SHAPE = 1.0  # distance of shape coefficients between two people seconds apart
_MOST_SHAPE = 1.5  # in poor light coefficients shake too much to tell people apart
_PAST = 10  # frames that tell velocity and shape
_REMEMBERED_S = 1.0 + 1e-6  # how long a lost face keeps its id
_LONGEST_COAST_S = 0.8  # how long a lost face is taken to go on as it went


def _short_past() -> deque[tuple[float, Face]]:
    return deque(maxlen=_PAST)


@dataclass(slots=True, eq=False)
class Track:
    """A person: the id, the last face, how it moves, and where the network looks next.

    Attributes:
        id: Number in the stream.
        first_s: When the person was first seen.
        face: Of the last frame with it.
        next_roi: The square for the next frame.
        smoother: None where nothing is smoothed.
        score: The detector's, when it last found the face.
        seen_s: When the face was last seen.
        lost_s: When it was first missed.
    """

    id: int
    first_s: float
    face: Face
    next_roi: Roi
    smoother: FaceSmoother | None
    score: float = 1.0
    seen_s: float = field(init=False)
    lost_s: float = math.inf
    _past: deque[tuple[float, Face]] = field(default_factory=_short_past, init=False)

    def __post_init__(self) -> None:
        """A new person was seen just now."""
        self.seen_s = self.first_s
        self._past.append((self.first_s, self.face))

    def take(self, face: Face, next_roi: Roi, time_s: float) -> None:
        """The person's face in the next frame."""
        self.face, self.next_roi, self.seen_s = face, next_roi, time_s
        self._past.append((time_s, face))

    def take_back(self, face: Face, next_roi: Roi, time_s: float) -> None:
        """The person's face after a gap: how it moved before means nothing now."""
        self._past.clear()
        self.take(face, next_roi, time_s)
        self.lost_s = math.inf
        if self.smoother is not None:
            self.smoother.restart()

    def mismatch(self, face: Face, time_s: float) -> float:
        """How ill a face fits the person: by place, size and shape, in units of what is too much.

        Args:
            face: A face of the frame.
            time_s: The frame's time.

        Returns:
            Infinite where place or size alone rule it out.
        """
        # Half of the past back: what hides a face draws its landmarks along before it is missed.
        then_s, then = self._past[len(self._past) // 2]
        size = _size(then)
        coast_s = min(time_s - then_s, _LONGEST_COAST_S)
        away = _middle(face) - _middle(then)
        # It may have gone on, or have stopped.
        still, gone = _norm(away), _norm(away - self._velocity() * coast_s)
        distance = min(still, gone) / (size * _FARTHEST)
        growth = abs(math.log(_size(face) / size)) / _MOST_GROWTH
        if distance > 1.0 or growth > 1.0:
            return math.inf
        towards = gone / (size * _FARTHEST)
        shape = np.mean([_shape(each) for _, each in self._past], axis=0)
        other = _norm(_shape(face) - shape) / _OTHER_SHAPE
        return min(towards, 2.0) + growth + min(other, _MOST_SHAPE)

    def _velocity(self) -> Array:
        """Image pixels a second, over the first half of the past."""
        (first_s, first), (last_s, last) = self._past[0], self._past[len(self._past) // 2]
        if last_s <= first_s:
            return np.zeros(2)
        return np.asarray((_middle(last) - _middle(first)) / (last_s - first_s), np.float64)


def split_by_owner(
    found: Sequence[tuple[Track, Face]], time_s: float
) -> tuple[list[tuple[Track, Face]], list[Track]]:
    """Where two people seem to have one face, the one whom it fits better keeps it.

    Args:
        found: What the network sees at the place of each person.
        time_s: The frame's time.

    Returns:
        Who keeps a face, and who is hidden.
    """
    kept: list[tuple[Track, Face]] = []
    hidden = []
    if len(found) < 2:
        return list(found), []
    for track, face in sorted(found, key=lambda pair: pair[0].mismatch(pair[1], time_s)):
        if any(overlap(face, other) >= SAME_IOU for _, other in kept):
            hidden.append(track)
        else:
            kept.append((track, face))
    return kept, hidden


def still_remembered(lost: Sequence[Track], time_s: float) -> list[Track]:
    """The people lost lately, who keep their ids if they come back."""
    return [track for track in lost if time_s - track.lost_s <= _REMEMBERED_S]


def best_owner(lost: Sequence[Track], face: Face, time_s: float) -> Track | None:
    """Of the people lost, the one whom a face fits best; None where it fits nobody."""
    rated = [(track.mismatch(face, time_s), track.id, track) for track in lost]
    rated = [each for each in rated if each[0] < math.inf]
    return min(rated)[2] if rated else None


def overlap(first: Face, second: Face) -> float:
    """Intersection over union of the boxes of two faces' landmarks."""
    boxes = [
        np.concatenate([face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)])
        for face in (first, second)
    ]
    return float(iou_matrix(boxes[0][None], boxes[1][None])[0, 0])


def _shape(face: Face) -> Array:
    return np.asarray(face.params[N_POSE : N_POSE + N_SHAPE], np.float64)


def _middle(face: Face) -> Array:
    return np.asarray(face.landmarks[:, :2].mean(axis=0), np.float64)


def _size(face: Face) -> float:
    return max(math.sqrt(float(np.prod(np.ptp(face.landmarks[:, :2], axis=0)))), 1e-3)


def _norm(vector: Array) -> float:
    return math.sqrt(float(vector @ vector))
