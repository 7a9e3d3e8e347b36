"""The faces.json of a batch, collected on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from ..storage.atomic_write import atomic_write
from ..storage.record_spool import SpooledFile
from .photo_record import FACES_SCHEMA_VERSION

FACES_FILE = "faces.json"


class FacesFile(SpooledFile):
    """Records of photographs, kept on disk until faces.json is written.

    faces.json holds

    * `schema_version` (1) and `complete` (false after an interruption),
    * `images`: per photograph `file`, `width`, `height`, `overlay` (a file name or null) and
      `faces`: what `Face.to_dict()` says of each, with `mesh` (a file name or null); where they
      were asked for also `pictures` (`depth` and the like to file names) and `scene`,
    * `failures`: `file` and `error` of each photograph that failed.
    """

    def append(self, record: Mapping[str, object]) -> None:
        """Add one photograph.

        Raises:
            OutputError: The disk is full.
        """
        self._records.append(json.dumps(record, allow_nan=False).encode())

    def save(self, failures: Iterable[tuple[str, str]], *, complete: bool) -> None:
        """Write faces.json, atomically and without holding the records in memory.

        Raises:
            OutputError: It cannot be written; an earlier faces.json is as it was.
        """

        def write(file: BinaryIO) -> None:
            head = b'{\n"schema_version": %d,\n"complete": %s,\n"images": ['
            file.write(head % (FACES_SCHEMA_VERSION, json.dumps(complete).encode()))
            with self._records.lines() as lines:
                for number, line in enumerate(lines):
                    file.write((b",\n" if number else b"\n") + line.rstrip(b"\n"))
            entries = [{"file": name, "error": error} for name, error in failures]
            file.write(b'\n],\n"failures": %s\n}\n' % json.dumps(entries).encode())

        atomic_write(self._folder / FACES_FILE, write)
