"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_RETRY_S = 0.05
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)


@contextmanager
def file_lock(
    path: Path, *, wait: bool = True, on_wait: Callable[[], None] = lambda: None
) -> Iterator[bool]:
    """Hold a lock for the `with` block; other processes and threads wait for it.

    The operating system releases it when its process ends, so that none is ever stale.

    Args:
        path: The lock's file; it is made, and stays.
        wait: Wait for the holder; otherwise give up at once.
        on_wait: Called once if another one holds it and this one waits.

    Yields:
        Whether the lock is held; always True with `wait`.

    Raises:
        OutputError: The file cannot be made, or its file system has no locks.
    """
    handle = _open(path)
    try:
        held = _try_lock(handle, path)
        if not held and wait:
            on_wait()
            while not (held := _try_lock(handle, path)):
                time.sleep(_RETRY_S)
        # Whoever held it may have deleted the file: then this lock is on one that nobody else sees.
        if held and not _is_file_of(handle, path):
            os.close(handle)
            handle = -1
            with file_lock(path, wait=wait) as again:
                yield again
            return
        yield held
    finally:
        if handle >= 0:
            os.close(handle)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"{path}: cannot be locked ({reason}): check the folder and its rights")


def _try_lock(handle: int, path: Path) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise _refusal(path, error) from error
    return True


def _is_file_of(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
