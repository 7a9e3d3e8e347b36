"""Faces through a stream of frames."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from types import TracebackType
from typing import TypeVar

import numpy as np

from ..errors import InputError
from ..face import Face
from ..imaging.face_crop import Image, check_image
from ..imaging.roi import Roi, roi_from_landmarks, roll_from_landmarks
from ..reconstructor import FaceReconstructor
from ..specs.option_numbers import finite_number, whole_number
from .face_smoother import FaceSmoother
from .smoothing_settings import Smoothing, smoothing_from_option
from .tracked_face import TrackedFace
from .tracks import SAME_IOU, Track, best_owner, overlap, split_by_owner, still_remembered

_TrackerT = TypeVar("_TrackerT", bound="FaceTracker")

DEFAULT_REDETECT_S = 0.08
DEFAULT_MIN_PRESENCE = 0.4
_SHORTEST_STEP_S = 1e-6
_SMALLEST_SIDE_PX = 16.0  # of the network's square


class FaceTracker:
    """Keeps the faces of one stream: finds them, follows them, loses them, finds them again.

    A face is detected once and then followed by the network alone, which looks where its unsmoothed
    landmarks were a frame ago. In every frame each face is checked to be there
    (:attr:`TrackedFace.presence`); one that is not is lost, and looked for at once. A face that
    comes back within a second at the same place and size keeps its id.

    One tracker belongs to one stream and to one thread at a time; many may share a reconstructor.
    """

    def __init__(
        self,
        reconstructor: FaceReconstructor | None = None,
        *,
        max_faces: int = 1,
        smoothing: str | Smoothing | None = "balanced",
        redetect_s: float = DEFAULT_REDETECT_S,
        min_presence: float = DEFAULT_MIN_PRESENCE,
    ) -> None:
        """Make a tracker for one stream.

        Args:
            reconstructor: Network, face model and detector; it stays open when the tracker closes.
                None opens the built-in ones, which the tracker closes.
            max_faces: Most faces to follow; the largest are taken. A reconstructor that finds
                fewer is refused.
            smoothing: The name of a preset, or constants of your own; None gives raw results.
            redetect_s: While fewer faces than `max_faces` are there, the least time between two
                looks for more. While some are there and none was lost within a second, five times
                as long passes.
            min_presence: Presence below which a face is lost, 0..1.

        Raises:
            InputError: An option has an impossible value.
            FrsdkError: As :class:`~frsdk.FaceReconstructor`, where none is given.
        """
        max_faces = whole_number("max_faces", max_faces, 1)
        redetect_s = finite_number("redetect_s", redetect_s, 0)
        min_presence = finite_number("min_presence", min_presence, 0, 1)
        if reconstructor is not None and not callable(reconstructor):
            raise InputError(f"expected a FaceReconstructor, got {type(reconstructor).__name__}")
        most = getattr(reconstructor, "max_faces", None)
        if most is not None and most < max_faces:
            raise InputError(
                f"the reconstructor finds at most {most} faces, {max_faces} are to be followed: "
                "open it without max_faces"
            )
        self._smoothing = smoothing_from_option(smoothing)
        self._max_faces, self._redetect_s = max_faces, redetect_s
        self._min_presence = min_presence
        self._own = reconstructor is None
        self._reconstruct = FaceReconstructor() if reconstructor is None else reconstructor
        self._busy = threading.Lock()
        self._next_id = 0
        self._forget()

    @property
    def reconstructor(self) -> FaceReconstructor:
        """What reconstructs the faces."""
        return self._reconstruct

    def __call__(self, frame_bgr: Image, timestamp_s: float) -> list[TrackedFace]:
        """Find or follow the faces in the next frame.

        Args:
            frame_bgr: (H, W, 3) uint8. A frame of another size than the one before begins anew:
                its faces are looked for and get new ids.
            timestamp_s: When it was taken, seconds from any start, later than the one before.

        Returns:
            The faces, by id.

        Raises:
            InputError: The frame has another shape or type (grey and four-channel frames are to be
                converted), the time is not finite or not later than the last one, or another thread
                is inside. The tracker's state is as before.
            BackendError: The engine failed, or the reconstructor is closed.
        """
        if not self._busy.acquire(blocking=False):
            raise InputError(
                "this FaceTracker is at work in another thread: make one tracker for each stream"
            )
        try:
            frame = check_image(frame_bgr)
            return self._track(frame, self._checked_time(timestamp_s))
        finally:
            self._busy.release()

    def reset(self) -> None:
        """Forget all faces and the time, for another stream; ids go on."""
        if not self._busy.acquire(blocking=False):
            raise InputError("this FaceTracker is at work in another thread: reset it afterwards")
        try:
            self._forget()
        finally:
            self._busy.release()

    def close(self) -> None:
        """Close the reconstructor if the tracker opened it; a second call does nothing."""
        if self._own:
            self._reconstruct.close()

    def __enter__(self: _TrackerT) -> _TrackerT:
        """Return the tracker."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _forget(self) -> None:
        self._alive: list[Track] = []
        self._lost: list[Track] = []
        self._time_s: float | None = None
        self._looked_s = -math.inf
        self._shape: tuple[int, ...] = ()

    def _checked_time(self, timestamp_s: float) -> float:
        try:
            time_s = float(timestamp_s)
        except (TypeError, ValueError) as error:
            raise InputError(f"expected a time in seconds, got {timestamp_s!r}") from error
        if not math.isfinite(time_s):
            raise InputError(f"expected a finite time in seconds, got {time_s}")
        if self._time_s is not None and time_s <= self._time_s:
            raise InputError(
                f"expected a time after {self._time_s:g} s, got {time_s:g} s: "
                "give frames in their order, and call reset() for another stream"
            )
        return time_s

    def _track(self, frame: Image, time_s: float) -> list[TrackedFace]:
        if self._shape and frame.shape != self._shape:
            self._forget()
        self._shape = frame.shape
        # Over shorter steps than that speeds are no numbers.
        dt_s = 0.0 if self._time_s is None else max(time_s - self._time_s, _SHORTEST_STEP_S)
        lost = self._follow(frame, time_s)
        self._lost = still_remembered(self._lost, time_s)
        if len(self._alive) < self._max_faces and (lost or self._due(time_s)):
            self._look(frame, time_s)
        self._time_s = time_s
        self._alive.sort(key=lambda track: track.id)
        return [self._result(track, time_s, dt_s) for track in self._alive]

    def _due(self, time_s: float) -> bool:
        calm = self._alive and not self._lost
        wait_s = self._redetect_s * (5.0 if calm else 1.0)
        return time_s - self._looked_s >= wait_s

    def _follow(self, frame: Image, time_s: float) -> bool:
        """Reconstruct the faces where they were; whether one was lost."""
        before = self._alive
        near = [track for track in before if _inside(track.next_roi, frame)]
        there: list[tuple[Track, Face]] = []
        next_rois: dict[int, Roi] = {}
        if near:
            rois = [track.next_roi for track in near]
            faces = self._reconstruct(frame, rois=rois, presence=True)
            for track, face in zip(near, faces, strict=True):
                next_rois[track.id] = _next_roi(face)
                if self._is_there(face, next_rois[track.id]):
                    there.append((track, face))
        kept, _ = split_by_owner(there, time_s)
        for track, face in kept:
            track.take(face, next_rois[track.id], time_s)
        self._alive = [track for track, _ in kept]
        gone = [track for track in before if track not in self._alive]
        for track in gone:
            track.lost_s = time_s
        self._lost += gone
        return bool(gone)

    def _is_there(self, face: Face, roi: Roi) -> bool:
        return (
            face.presence is not None
            and face.presence >= self._min_presence
            and roi.side >= _SMALLEST_SIDE_PX
        )

    def _look(self, frame: Image, time_s: float) -> None:
        """Detect, and take what is not followed yet."""
        self._looked_s = time_s
        alive = [track.face for track in self._alive]
        found = self._reconstruct(frame)
        fresh = [face for face in found if not _overlaps(face, alive)]
        rois = [_next_roi(face) for face in fresh]  # for a second look, from the landmarks
        usable = [roi.side >= _SMALLEST_SIDE_PX and _inside(roi, frame) for roi in rois]
        scores = [face.score for face, use in zip(fresh, usable, strict=True) if use]
        rois = [roi for roi, use in zip(rois, usable, strict=True) if use]
        if not rois:
            return
        second = self._reconstruct(frame, rois=rois, presence=True)
        for face, score in zip(second, scores, strict=True):
            if len(self._alive) == self._max_faces:
                return
            roi = _next_roi(face)
            if not self._is_there(face, roi) or _overlaps(face, [t.face for t in self._alive]):
                continue
            known = best_owner(self._lost, face, time_s)
            if known is None:
                known = self._new_track(face, roi, time_s)
            else:
                self._lost.remove(known)
                known.take_back(face, roi, time_s)
            known.score = score
            self._alive.append(known)

    def _new_track(self, face: Face, roi: Roi, time_s: float) -> Track:
        smoother = None
        if self._smoothing is not None:
            smoother = FaceSmoother(self._smoothing, face.face_model)
        track = Track(self._next_id, time_s, face, roi, smoother)
        self._next_id += 1
        return track

    def _result(self, track: Track, time_s: float, dt_s: float) -> TrackedFace:
        raw = replace(track.face, score=track.score)
        smooth = raw if track.smoother is None else track.smoother(raw, dt_s)
        return TrackedFace(
            id=track.id,
            age_s=time_s - track.first_s,
            presence=float(raw.presence or 0.0),
            smooth=smooth,
            raw=raw,
        )


def _next_roi(face: Face) -> Roi:
    """Where the network looks in the next frame."""
    points = np.array(face.landmarks[:, :2], np.float64)
    return roi_from_landmarks(points, roll_deg=roll_from_landmarks(points))


def _overlaps(face: Face, others: list[Face]) -> bool:
    return any(overlap(face, other) >= SAME_IOU for other in others)


def _inside(roi: Roi, frame: Image) -> bool:
    """Whether the middle of a square lies in the frame."""
    x, y = roi.x0 + roi.side / 2, roi.y0 + roi.side / 2
    height, width = frame.shape[:2]
    return bool(0 < x < width and 0 < y < height)  # and so neither infinite nor NaN
