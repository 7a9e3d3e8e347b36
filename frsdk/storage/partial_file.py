"""Files that grow while a program runs: under a name of their own until they are whole."""

from __future__ import annotations

import os
from pathlib import Path

from .atomic_write import cannot_write, check_destination

PARTIAL_SUFFIX = ".part"


def partial_path(path: Path) -> Path:
    """The name that a file has while it is written: its own and `.part`.

    Raises:
        OutputError: The folder is missing, or what has one of the names is no file.
    """
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    check_destination(path)
    check_destination(partial)
    return partial


def publish(path: Path) -> None:
    """Flush what was written under the partial name to the disk, and give it the final name.

    Raises:
        OutputError: The disk is full, or the folder not writable.
    """
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def discard(path: Path) -> None:
    """Remove what was written under the partial name, if there is anything."""
    path.with_name(path.name + PARTIAL_SUFFIX).unlink(missing_ok=True)
