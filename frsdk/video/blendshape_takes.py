"""Blendshapes of a video's people: a CSV file for each, in the columns of ARKit's capture apps."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..expressions.blendshape_csv import LEAST_FPS, write_blendshape_csv
from ..expressions.face_expressions import blendshapes_of
from ..expressions.neutral_face import NeutralFace
from ..morphable.head_pose import Pose
from ..storage.older_files import remove_older_files
from ..storage.partial_file import discard, partial_path, publish
from ..storage.record_spool import RecordSpool

_Frame: TypeAlias = tuple[float, dict[str, float], tuple[float, float, float]]

_DEFAULT_FPS = 30.0
_LEARNED_YAW_DEG = 30.0  # neutral faces are learned from faces that look this way


class PersonInFrame(Protocol):
    """What is taken of a face; :class:`~frsdk.TrackedFace` has it."""

    @property
    def id(self) -> int:
        """Number of the person."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels."""

    @property
    def pose(self) -> Pose:
        """Angles in degrees."""


class PeopleByName:
    """Names the expressions of persons, each by a neutral face that is learned as frames go by."""

    def __init__(self) -> None:
        self._neutral: dict[int, NeutralFace] = {}

    def blendshapes(self, face: PersonInFrame) -> dict[str, float]:
        """Name -> 0..1 of the next frame of a person."""
        neutral = self._neutral.setdefault(face.id, NeutralFace())
        if abs(face.pose.yaw_deg) < _LEARNED_YAW_DEG:
            with suppress(InputError):  # a frame that the network gets wrong teaches nothing
                neutral.add(face.landmarks)
        return blendshapes_of(face, neutral)


class BlendshapeTakes:
    """The files ``STEM.blendshapes.ID.csv`` of a video; they are written when it is complete."""

    def __init__(self, csv: Path) -> None:
        """Open a temporary file in the folder of the tables.

        Raises:
            OutputError: The folder cannot be written into.
        """
        self._stem = csv.with_suffix("")
        self._people = PeopleByName()
        self._spool = RecordSpool(csv.parent)
        self._ids: set[int] = set()
        self._last_s: float | None = None
        self._steps_s = array("d")

    def write(self, time_s: float, faces: Sequence[PersonInFrame]) -> list[dict[str, float]]:
        """Take a frame; the blendshapes of its faces.

        Raises:
            OutputError: The disk is full.
        """
        if self._last_s is not None:
            self._steps_s.append(time_s - self._last_s)
        self._last_s = time_s
        named = [self._people.blendshapes(face) for face in faces]
        for face, shapes in zip(faces, named, strict=True):
            pose = face.pose
            angles = (float(pose.yaw_deg), float(pose.pitch_deg), float(pose.roll_deg))
            self._spool.append(json.dumps([face.id, time_s, shapes, angles]).encode())
            self._ids.add(face.id)
        return named

    def path(self, person: int) -> Path:
        """A person's file."""
        return self._stem.with_name(f"{self._stem.name}.blendshapes.{person}.csv")

    @staticmethod
    def pattern(csv: Path) -> str:
        """What the files are called, with ``*`` for the person."""
        return str(csv.with_suffix(".blendshapes.*.csv"))

    def finish(self) -> None:
        """Write the files, under their partial names.

        Raises:
            OutputError: One cannot be written.
        """
        step_s = float(np.median(self._steps_s)) if self._steps_s else 0.0
        fps = max(1.0 / step_s, LEAST_FPS) if step_s > 0.0 else _DEFAULT_FPS
        for person in sorted(self._ids):
            write_blendshape_csv(partial_path(self.path(person)), self._frames(person), fps=fps)
        self._spool.close()

    def paths(self) -> list[Path]:
        """The files of the people so far."""
        return [self.path(person) for person in sorted(self._ids)]

    def publish(self) -> None:
        """Give the files their names; those of people whom only an earlier run saw go.

        Raises:
            OutputError: One cannot be renamed or removed.
        """
        for path in self.paths():
            publish(path)
        own = re.escape(f"{self._stem.name}.blendshapes.") + r"\d+\.csv"
        kept = {path.name for path in self.paths()}
        remove_older_files(self._stem.parent, own, kept)

    def discard(self) -> None:
        """Forget what was taken, and remove what was written under partial names."""
        for path in self.paths():
            discard(path)
        self._ids.clear()
        self._spool.close()

    def _frames(self, person: int) -> Iterator[_Frame]:
        own = f"[{person}, ".encode()  # of a long video with many people few lines are parsed
        with self._spool.lines() as lines:
            for line in lines:
                if line.startswith(own):
                    _, time_s, shapes, (yaw, pitch, roll) = json.loads(line)
                    yield time_s, shapes, (yaw, pitch, roll)
