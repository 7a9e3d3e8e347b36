"""What a tracker says of a clip, set beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk import FaceTracker, TrackedFace

from .clip_frames import ClipFrame
from .clip_person import box_size

Array = NDArray[np.float64]

_SAME = 0.5  # of the face's size: landmarks nearer than this on average are that person's


@dataclass(frozen=True, slots=True, eq=False)
class TrackedClip:
    """Results by frame and person; NaN and -1 where there is none.

    Attributes:
        truth: (T, P, 68, 2).
        smooth: (T, P, 68, 2).
        raw: (T, P, 68, 2).
        ids: (T, P).
        false: (T,) number of faces where nobody is.
    """

    truth: Array
    smooth: Array
    raw: Array
    ids: NDArray[np.int64]
    false: NDArray[np.int64]


def track_clip(track: FaceTracker, frames: Iterable[ClipFrame], people: int) -> TrackedClip:
    """Run a tracker over the frames of a clip."""
    truth: list[Array] = []
    smooth: list[Array] = []
    raw: list[Array] = []
    ids, false = [], []
    for frame in frames:
        found = track(frame.image, frame.time_s)
        rows: tuple[Array, ...] = tuple(np.full((people, 68, 2), np.nan) for _ in range(3))
        own_ids = np.full(people, -1, np.int64)
        waiting = list(found)
        for person, landmarks in enumerate(frame.landmarks):
            if landmarks is None:
                continue
            rows[0][person] = landmarks
            face = _nearest(waiting, landmarks)
            if face is not None:
                waiting.remove(face)
                rows[1][person] = face.landmarks[:, :2]
                rows[2][person] = face.raw.landmarks[:, :2]
                own_ids[person] = face.id
        for values, row in zip((truth, smooth, raw), rows, strict=True):
            values.append(row)
        ids.append(own_ids)
        false.append(len(waiting))
    return TrackedClip(
        np.array(truth), np.array(smooth), np.array(raw), np.array(ids), np.array(false)
    )


def frames_to_return(clip: TrackedClip, person: int) -> list[int]:
    """After each absence, how many frames with the face passed until it was reported (1: at once).

    One that was not reported before the next absence counts as all its frames.
    """
    there = np.isfinite(clip.truth[:, person, 0, 0])
    seen = clip.ids[:, person] >= 0
    waits = []
    for begin in np.flatnonzero(there[1:] & ~there[:-1]) + 1:
        after = np.flatnonzero(~there[begin:])
        end = begin + int(after[0]) if len(after) else len(there)
        hits = np.flatnonzero(seen[begin:end])
        waits.append(int(hits[0]) + 1 if len(hits) else int(end - begin))
    return waits


def id_switches(clip: TrackedClip) -> int:
    """How often a person's number changes, or a number goes over to another person."""
    switches = 0
    owner: dict[int, int] = {}
    last = [-1] * clip.ids.shape[1]
    for row in clip.ids:
        for person, own in enumerate(row.tolist()):
            if own < 0:
                continue
            changed = last[person] not in (-1, own) or owner.get(own, person) != person
            switches += changed
            last[person], owner[own] = own, person
    return switches


def _nearest(found: Sequence[TrackedFace], landmarks: Array) -> TrackedFace | None:
    best, least = None, _SAME * box_size(landmarks)
    for face in found:
        offset = face.raw.landmarks[:, :2] - landmarks
        distance = float(np.sqrt((offset * offset).sum(axis=1)).mean())
        if distance < least:
            best, least = face, distance
    return best
