"""Write files atomically: the whole new content or the old state, never a part."""

from __future__ import annotations

import glob
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import OutputError
from .path_kinds import exists, is_file, is_folder

if sys.platform != "win32":
    import fcntl

LEFT_AFTER_S = 2.0
"""An unfinished file or folder that was touched since may belong to a process that starts."""

_UNFINISHED = ".part"


def atomic_write(path: str | os.PathLike[str], content: bytes | Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name in its folder, flush it to disk, then rename it.

    What a process that was killed left of the same destination is removed.

    Args:
        path: Destination; an existing file is replaced.
        content: The bytes, or a function that writes them to an open binary file.

    Raises:
        OutputError: The folder is missing or not writable, or the disk is full. The destination is
            as it was and no temporary file is left.
    """
    destination = Path(path)
    check_destination(destination)
    try:
        _remove_left(destination)
        handle, name = tempfile.mkstemp(
            prefix=f".{destination.name}.", suffix=_UNFINISHED, dir=destination.parent
        )
    except OSError as error:
        raise cannot_write(destination, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _lock(file)  # as long as this process lives
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(destination)
    except OSError as error:
        raise cannot_write(destination, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_destination(path: Path) -> None:
    """Say beforehand what would keep a file from being written, as far as that can be known.

    Raises:
        OutputError: The folder is missing, or what has the name is a folder, a device or a pipe.
    """
    if not is_folder(path.parent):
        raise OutputError(f"{path}: cannot be written (no such folder): make the folder first")
    if exists(path) and not is_file(path):
        kind = "a folder" if is_folder(path) else "a device or a pipe"
        raise OutputError(f"{path}: cannot be written (it is {kind}): name a file")


def _remove_left(destination: Path) -> None:
    """Remove temporary files of the destination whose processes were killed."""
    pattern = f".{glob.escape(destination.name)}.*{_UNFINISHED}"
    for path in destination.parent.glob(pattern):
        with suppress(OSError):  # Windows does not delete what another process has open
            if time.time() - path.stat().st_mtime < LEFT_AFTER_S:
                continue  # its process may be about to lock it
            with path.open("r+b") as file:
                left = _lock(file)
            if left:
                path.unlink()


def _lock(file: BinaryIO) -> bool:
    """Lock an open file without waiting; False where another process holds it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # or the file system has no locks
            return False
    return True


_UMASK_LOCK = threading.Lock()


def _umask() -> int:
    with _UMASK_LOCK:  # POSIX reads the mask only by setting it, for all threads
        current = os.umask(0o077)
        os.umask(current)
    return current


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error for a file or folder that the system does not let be written."""
    reason = error.strerror or str(error)
    return OutputError(
        f"{path}: cannot be written ({reason}): check the folder, its rights and the free space"
    )


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder for results, with its parents; one that exists is fine.

    Raises:
        OutputError: It cannot be made, or a file has its name.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder
