"""Faces of a stream as JSON lines, one a frame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from ..storage.atomic_write import cannot_write
from ..storage.partial_file import discard, partial_path, publish

_DIGITS = 6


class Recordable(Protocol):
    """What a record takes of a face; :class:`~frsdk.TrackedFace` has it."""

    def to_dict(self) -> Mapping[str, object]:
        """Plain numbers, ready for JSON."""


def face_line(
    frame: int,
    time_s: float,
    faces: Sequence[Recordable],
    *,
    blendshapes: Sequence[Mapping[str, float]] = (),
    **more: object,
) -> str:
    """The record of a frame as one line of JSON, without the line break.

    It holds `frame` (its number, from 0), `time_s` (seconds from the start) and `faces`: what
    `TrackedFace.to_dict()` says of each, numbers to six digits. A frame without a face has an empty
    list.

    Args:
        frame: Number of the frame.
        time_s: When it is shown or was taken.
        faces: Its faces.
        blendshapes: Of each face, name -> 0..1, put into its field `blendshapes`; none by default.
        **more: Further fields, put before `faces`.
    """
    plain = [dict(face.to_dict()) for face in faces]
    for each, shapes in zip(plain, blendshapes, strict=bool(blendshapes)):
        each["blendshapes"] = dict(shapes)
    record = {
        "frame": frame,
        "time_s": round(time_s, _DIGITS),
        **more,
        "faces": _shortened(plain),
    }
    return json.dumps(record, allow_nan=False, separators=(",", ":"))


def _shortened(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {
            key: round(each, _DIGITS) if key == "age_s" else _shortened(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    return value


class FaceLines:
    """A file of records, each on the disk as a whole line as soon as it is written.

    The file has the name `PATH.part` until :meth:`publish`.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OutputError: It cannot be opened.
        """
        self._path = path
        try:
            # Unbuffered: after a kill the file ends with a whole line.
            self._file: IO[bytes] = partial_path(path).open("wb", buffering=0)
        except OSError as error:
            raise cannot_write(path, error) from error

    def write(self, line: str) -> None:
        """Add a line.

        Raises:
            OutputError: The disk is full.
        """
        rest = memoryview(line.encode() + b"\n")
        try:
            while rest:  # an unbuffered write may take only a part
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def finish(self) -> None:
        """Close the file."""
        self._file.close()

    def publish(self) -> None:
        """Give the file its final name.

        Raises:
            OutputError: The folder is not writable.
        """
        publish(self._path)

    def discard(self) -> None:
        """Close and remove the file."""
        self._file.close()
        discard(self._path)
