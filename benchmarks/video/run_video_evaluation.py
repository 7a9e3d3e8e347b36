"""Measure the tracker on generated clips, and on clips without truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import Face, FaceReconstructor, FaceTracker, read_image
from frsdk.errors import ImageFileError, InputError
from frsdk.tracking.face_smoother import FaceSmoother
from frsdk.tracking.smoothing_settings import PRESETS

from .clip_frames import RATE_HZ, Clip, frames
from .clip_list import crossing_clips, faceless_clips, leaving_clips, motion_clips
from .clip_person import Person, person_of
from .compared_filters import filter_per_coordinate, mean_of_three
from .head_turn import HeadTurner
from .motion_error import MotionError, motion_error, own_motion
from .openseeface_clip import PeerRow, rows_beside_openseeface
from .tracked_clip import frames_to_return, id_switches, track_clip

Array = NDArray[np.float64]
Progress = Callable[[str], None]

SAMPLE = "sample:astronaut"
_SETTLED = 10  # frames that are left out of the figures of motion, while filters begin
_LEAST_FRAMES = _SETTLED + 3


@dataclass(frozen=True, slots=True)
class MotionRow:
    """A filter's figures on a clip of one moving face.

    Attributes:
        clip: Its name.
        photograph: Whose face moves.
        filter: Its name.
        share_found: Of the frames.
        error: None where the face was found in too few frames to tell.
        ratio: Of its jitter to the raw one.
    """

    clip: str
    photograph: str
    filter: str
    share_found: float
    error: MotionError | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class SceneRow:
    """Loss and identity on a clip.

    Attributes:
        clip: Its name.
        share_found: Of the frames with a face, over all people.
        frames_without: Frames in which nobody is.
        false_frames: Of those, with a face reported all the same.
        frames_to_return: The longest wait for a face that came back, in frames; None: none did.
        id_switches: Numbers that went over to another person, or people that changed theirs.
    """

    clip: str
    share_found: float
    frames_without: int
    false_frames: int
    frames_to_return: int | None
    id_switches: int


@dataclass(frozen=True, slots=True)
class OwnClipRow:
    """A clip without truth: medians of the landmarks' own motion, in % of the face."""

    clip: str
    filter: str
    share_found: float
    step_percent: float
    acceleration_percent: float


@dataclass(frozen=True, slots=True)
class VideoEvaluation:
    """All that was measured."""

    motion: list[MotionRow] = field(default_factory=list)
    scenes: list[SceneRow] = field(default_factory=list)
    own: list[OwnClipRow] = field(default_factory=list)
    peers: list[PeerRow] = field(default_factory=list)


def evaluate_video(
    photographs: Sequence[str],
    clips: Sequence[Path],
    *,
    only: Sequence[str] = (),
    openseeface: Path | None = None,
    progress: Progress = lambda name: None,
) -> VideoEvaluation:
    """Measure.

    Args:
        photographs: Further photographs with one face, beside scikit-image's astronaut.
        clips: Files without truth.
        only: Parts of the names of generated clips to take; empty takes all.
        openseeface: A checkout of OpenSeeFace, to take the clips without truth beside.
        progress: Told what begins.

    Raises:
        InputError: A photograph shows no face, a clip cannot be read, or OpenSeeFace is not there.
    """
    found = VideoEvaluation()
    with FaceReconstructor() as reconstruct:
        for path in clips:  # first: what is wrong with a file is said at once
            progress(str(path))
            found.own.extend(_own_rows(path, reconstruct))
            if openseeface is not None:
                found.peers.extend(rows_beside_openseeface(path, openseeface, reconstruct))
        turner = HeadTurner(reconstruct.face_model)

        def person(name: str) -> Person:
            return person_of(name, read_image(name), reconstruct, turner)

        people = [person(name) for name in dict.fromkeys([SAMPLE, *photographs])]
        for each in people:
            for clip in _chosen(motion_clips(each), only):
                progress(f"{each.name}: {clip.name}")
                found.motion.extend(_motion_rows(clip, reconstruct))
        second = people[1] if len(people) > 1 else _other_than(people[0], reconstruct, turner)
        scenes = [
            *leaving_clips(people[0]),
            *faceless_clips(people[0]),
            *crossing_clips([people[0], second]),
        ]
        for clip in _chosen(scenes, only):
            progress(clip.name)
            found.scenes.append(_scene_row(clip, reconstruct))
        if not (found.own or found.motion or found.scenes):
            names = [each.name for each in (*motion_clips(people[0]), *scenes)]
            raise InputError(f"--only: no clip's name holds that: they are {', '.join(names)}")
    return found


def _chosen(clips: Sequence[Clip], only: Sequence[str]) -> list[Clip]:
    return [clip for clip in clips if not only or any(part in clip.name for part in only)]


def _other_than(person: Person, reconstruct: FaceReconstructor, turner: HeadTurner) -> Person:
    """The same photograph mirrored and without colour, where there is no second one."""
    grey = cv2.cvtColor(np.ascontiguousarray(person.image[:, ::-1]), cv2.COLOR_BGR2GRAY)
    image = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return person_of(f"{person.name}, mirrored", image, reconstruct, turner)


def _motion_rows(clip: Clip, reconstruct: FaceReconstructor) -> Iterator[MotionRow]:
    faces: list[Face] = []
    truth: list[Array] = []
    with FaceTracker(reconstruct, smoothing=None) as track:
        for frame in frames(clip):
            (landmarks,) = frame.landmarks
            for face in track(frame.image, frame.time_s):
                if landmarks is not None:
                    faces.append(face.raw)
                    truth.append(landmarks)
    share = len(faces) / clip.count
    if len(faces) < _LEAST_FRAMES:
        yield MotionRow(clip.name, clip.people[0].name, "raw", share, None, None)
        return
    base: MotionError | None = None
    for name, path in _filtered(faces, RATE_HZ).items():
        error = motion_error(path[_SETTLED:], np.array(truth)[_SETTLED:], RATE_HZ)
        base = base or error
        ratio = error.jitter_percent / base.jitter_percent
        yield MotionRow(clip.name, clip.people[0].name, name, share, error, ratio)


def _filtered(faces: Sequence[Face], rate_hz: float) -> dict[str, Array]:
    """(T, 68, 2) landmarks by filter, the raw ones first."""
    raw = np.array([face.landmarks[:, :2] for face in faces], np.float64)
    found = {"raw": raw}
    for name, settings in PRESETS.items():
        smooth = FaceSmoother(settings, faces[0].face_model)
        paths = [smooth(face, 1.0 / rate_hz).landmarks[:, :2] for face in faces]
        found[f"frsdk, {name}"] = np.array(paths, np.float64)
    found["mean of three frames"] = mean_of_three(raw)
    found["a filter per coordinate"] = filter_per_coordinate(raw, rate_hz)
    return found


def _scene_row(clip: Clip, reconstruct: FaceReconstructor) -> SceneRow:
    people = len(clip.people)
    with FaceTracker(reconstruct, max_faces=people) as track:
        found = track_clip(track, frames(clip), people)
    there = np.isfinite(found.truth[:, :, 0, 0])
    nobody = ~there.any(axis=1)
    waits = [wait for person in range(people) for wait in frames_to_return(found, person)]
    return SceneRow(
        clip=clip.name,
        share_found=float((found.ids[there] >= 0).mean()),
        frames_without=int(nobody.sum()),
        false_frames=int((found.false[nobody] > 0).sum()),
        frames_to_return=max(waits) if waits else None,
        id_switches=id_switches(found),
    )


def _own_rows(path: Path, reconstruct: FaceReconstructor) -> Iterator[OwnClipRow]:
    capture = cv2.VideoCapture(str(path))
    rate_hz = float(capture.get(cv2.CAP_PROP_FPS)) or RATE_HZ
    faces, count = [], 0
    with FaceTracker(reconstruct, smoothing=None) as track:
        while True:
            read, frame = capture.read()
            if not read:
                break
            count += 1
            faces += [face.raw for face in track(np.asarray(frame, np.uint8), count / rate_hz)]
    capture.release()
    if not count:
        raise ImageFileError(f"{path}: no frames can be read: give a video file")
    if len(faces) < _LEAST_FRAMES:
        raise InputError(f"{path}: a face in {len(faces)} of {count} frames only: too few")
    for name, paths in _filtered(faces, rate_hz).items():
        step, acceleration = own_motion(paths)
        yield OwnClipRow(path.name, name, len(faces) / count, step, acceleration)
