"""The folder of a training run: one run at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frsdk.errors import InputError
from frsdk.storage.atomic_write import make_folder
from frsdk.storage.file_lock import file_lock

_LOCK = ".lock"


@contextmanager
def run_folder(path: Path, *, leads: bool = True) -> Iterator[None]:
    """Make the folder if need be and keep other runs out of it for the `with` block.

    Args:
        path: The folder; the lock's file in it stays, and is released when its process ends.
        leads: Whether this process is the one of its run that writes; the others take no lock.

    Raises:
        InputError: Another run is in the folder.
        OutputError: The folder cannot be made or written.
    """
    make_folder(path)
    if not leads:
        yield
        return
    with file_lock(path / _LOCK, wait=False) as held:
        if not held:
            raise InputError(f"{path}: another training runs in this folder: use another --output")
        yield
