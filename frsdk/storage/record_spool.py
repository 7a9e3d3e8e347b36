"""Records collected on disk until the file that holds them all is written."""

from __future__ import annotations

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, TypeVar

from ..errors import OutputError

_SelfT = TypeVar("_SelfT", bound="_Dropped")


class _Dropped(ABC):
    """Something whose temporary file goes at the end of a with statement."""

    @abstractmethod
    def close(self) -> None:
        """Drop the temporary file."""

    def __enter__(self: _SelfT) -> _SelfT:
        """Use as a context manager: the temporary file goes at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Drop the temporary file."""
        self.close()


class RecordSpool(_Dropped):
    """Lines in an unnamed temporary file of the output folder.

    It vanishes with the process, so that memory does not grow with the number of records and
    nothing half-written is left behind.
    """

    def __init__(self, folder: Path) -> None:
        """Open the temporary file.

        Raises:
            OutputError: The folder cannot be written into.
        """
        self._folder = folder
        try:
            # Unbuffered: a full disk is met in `append`, not when the file is closed.
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._not_writable(error) from error

    def close(self) -> None:
        """Drop the temporary file."""
        self._file.close()

    def append(self, line: bytes) -> None:
        """Add one record.

        Args:
            line: Without a line's end.

        Raises:
            OutputError: The disk is full.
        """
        rest = memoryview(line + b"\n")
        try:
            while rest:  # an unbuffered write may take only a part
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise self._not_writable(error) from error

    @contextmanager
    def lines(self) -> Iterator[BinaryIO]:
        """The records from the first on, each with its line's end; no more are added meanwhile."""
        self._file.seek(0)
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            yield lines

    def _not_writable(self, error: OSError) -> OutputError:
        reason = error.strerror or str(error)
        return OutputError(f"cannot write into the output folder {self._folder}: {reason}")


class SpooledFile(_Dropped):
    """A file of a folder whose records are in a spool until it is written."""

    def __init__(self, folder: Path) -> None:
        """Open the temporary file.

        Raises:
            OutputError: The folder cannot be written into.
        """
        self._folder, self._records = folder, RecordSpool(folder)

    def close(self) -> None:
        """Drop the temporary file."""
        self._records.close()
