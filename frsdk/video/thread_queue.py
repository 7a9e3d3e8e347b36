"""Work handed from one thread to the next through a short queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Handover(Generic[T]):
    """A bounded queue that either end can close."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._finished = False  # nothing more is put
        self._cancelled = False  # nothing more is taken
        self.error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Wait for room; False once nobody takes any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._capacity or self._cancelled)
            if self._cancelled:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def finish(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def cancel(self, error: BaseException | None = None) -> None:
        with self._changed:
            self._cancelled = True
            self.error = self.error or error
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: bool(self._items) or self._finished or self._cancelled
                )
                if not self._items or self._cancelled:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


@contextmanager
def read_ahead(items: Iterable[T], capacity: int) -> Iterator[Iterator[T]]:
    """Take the items in another thread, up to `capacity` ahead; its error is raised here in turn.

    Leaving the block early ends the thread after the item that it is at.
    """
    queue: _Handover[T] = _Handover(capacity)
    failures: list[BaseException] = []

    def produce() -> None:
        try:
            for item in items:
                if not queue.put(item):
                    break
        except BaseException as error:  # handed to the thread that reads
            failures.append(error)
        finally:
            queue.finish()

    def taken() -> Iterator[T]:
        yield from queue
        if failures:
            raise failures[0]

    thread = threading.Thread(target=produce, name="frsdk-read-ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        queue.cancel()
        thread.join()


@contextmanager
def write_behind(write: Callable[[T], None], capacity: int) -> Iterator[Callable[[T], None]]:
    """Give items to `write` in another thread, in order, up to `capacity` waiting.

    The block ends when all are written. An error of `write` is raised by the next call or at the
    end of the block; after an error in the block nothing more is written.
    """
    queue: _Handover[T] = _Handover(capacity)

    def consume() -> None:
        try:
            for item in queue:
                write(item)
        except BaseException as error:  # handed to the thread that writes
            queue.cancel(error)

    def give(item: T) -> None:
        if not queue.put(item) and queue.error is not None:
            raise queue.error

    thread = threading.Thread(target=consume, name="frsdk-write-behind", daemon=True)
    thread.start()
    try:
        yield give
    except BaseException:
        queue.cancel()
        raise
    finally:
        queue.finish()
        thread.join()
    if queue.error is not None:
        raise queue.error
