"""The faces.json of a batch, collected on disk."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO

from ..errors import OutputError
from ..storage.atomic_write import atomic_write
from .photo_record import FACES_SCHEMA_VERSION

FACES_FILE = "faces.json"


class FacesFile:
    """Records of photographs, kept in an unnamed temporary file until faces.json is written.

    faces.json holds

    * `schema_version` (1) and `complete` (false after an interruption),
    * `images`: per photograph `file`, `width`, `height`, `overlay` (a file name or null) and
      `faces`: what `Face.to_dict()` says of each, with `mesh` (a file name or null); where they
      were asked for also `pictures` (`depth` and the like to file names) and `scene`,
    * `failures`: `file` and `error` of each photograph that failed.

    The temporary file lies in the output folder and vanishes with the process, so that memory does
    not grow with the number of photographs and nothing half-written is left behind.
    """

    def __init__(self, folder: Path) -> None:
        """Open the temporary file.

        Raises:
            OutputError: The folder cannot be written into.
        """
        self._folder = folder
        try:
            # Unbuffered: a full disk is met in `append`, not when the file is closed.
            self._records: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._not_writable(error) from error

    def __enter__(self) -> FacesFile:
        """Use as a context manager: the temporary file goes at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop the temporary file."""
        self._records.close()

    def append(self, record: Mapping[str, object]) -> None:
        """Add one photograph.

        Raises:
            OutputError: The disk is full.
        """
        rest = memoryview(json.dumps(record, allow_nan=False).encode() + b"\n")
        try:
            while rest:  # an unbuffered write may take only a part
                rest = rest[self._records.write(rest) :]
        except OSError as error:
            raise self._not_writable(error) from error

    def save(self, failures: Iterable[tuple[str, str]], *, complete: bool) -> None:
        """Write faces.json, atomically and without holding the records in memory.

        Raises:
            OutputError: It cannot be written; an earlier faces.json is as it was.
        """

        def write(file: BinaryIO) -> None:
            head = b'{\n"schema_version": %d,\n"complete": %s,\n"images": ['
            file.write(head % (FACES_SCHEMA_VERSION, json.dumps(complete).encode()))
            self._records.seek(0)
            with os.fdopen(os.dup(self._records.fileno()), "rb") as lines:
                for number, line in enumerate(lines):
                    file.write((b",\n" if number else b"\n") + line.rstrip(b"\n"))
            entries = [{"file": name, "error": error} for name, error in failures]
            file.write(b'\n],\n"failures": %s\n}\n' % json.dumps(entries).encode())

        atomic_write(self._folder / FACES_FILE, write)

    def _not_writable(self, error: OSError) -> OutputError:
        reason = error.strerror or str(error)
        return OutputError(f"cannot write into the output folder {self._folder}: {reason}")
