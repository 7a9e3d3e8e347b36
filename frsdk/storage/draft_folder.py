"""Hidden folders for files that are not finished, and the removal of those that the dead left.

A process holds a lock in its draft folder for as long as it lives: one whose lock can be had
belongs to a process that was killed.
"""

from __future__ import annotations

import glob
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..errors import OutputError
from .atomic_write import LEFT_AFTER_S, cannot_write
from .file_lock import file_lock

_LOCK = ".lock"


@contextmanager
def draft_folder(folder: Path, prefix: str = ".frsdk-") -> Iterator[Path]:
    """A folder inside another one, gone at the end; those that killed processes left go first.

    Args:
        folder: Where it is made, so that what is written in it can be renamed into place.
        prefix: How its name begins, by which those that were left are known.

    Raises:
        OutputError: The folder cannot be written into.
    """
    remove_left_drafts(folder, prefix)
    try:
        draft = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        with ExitStack() as lock:
            with suppress(OutputError):  # a file system without locks: it may be left, no more
                lock.enter_context(file_lock(draft / _LOCK))
            yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_left_drafts(folder: Path, prefix: str = ".frsdk-") -> None:
    """Remove the draft folders in a folder that no living process holds.

    One that was written into just now is left: its process may be about to lock it.
    """
    for draft in sorted(folder.glob(f"{glob.escape(prefix)}*")):
        try:
            recent = time.time() - draft.stat().st_mtime < LEFT_AFTER_S
            if recent or draft.is_symlink() or not draft.is_dir():
                continue
            with file_lock(draft / _LOCK, wait=False) as held:
                pass
        except (OSError, OutputError):
            continue
        if held:
            shutil.rmtree(draft, ignore_errors=True)
