"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError

_RETRY_S = 0.05


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
    from filelock import FileLock, Timeout  # here: its import takes longer than the runtime's

    lock = FileLock(path)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if wait:
                on_wait()
                lock.acquire(poll_interval=_RETRY_S)
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"{path}: cannot be locked ({reason}): check the folder and its rights"
        ) from error
    try:
        yield lock.is_locked
    finally:
        lock.release()
