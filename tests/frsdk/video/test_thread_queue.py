"""Work handed between threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from frsdk.video.thread_queue import read_ahead, write_behind


def test_items_come_in_order_and_not_far_ahead() -> None:
    made: list[int] = []

    def produce() -> Iterator[int]:
        for index in range(50):
            made.append(index)
            yield index

    taken = []
    with read_ahead(produce(), 3) as items:
        for item in items:
            taken.append(item)
            assert len(made) - len(taken) <= 4  # three waiting, one at hand
    assert taken == list(range(50))


def test_an_error_of_the_producer_comes_after_its_items() -> None:
    def produce() -> Iterator[int]:
        yield 1
        raise ValueError("at two")

    taken = []
    with pytest.raises(ValueError, match="at two"), read_ahead(produce(), 4) as items:
        for item in items:
            taken.append(item)
    assert taken == [1]


def test_leaving_early_ends_the_producer() -> None:
    ended = threading.Event()

    def produce() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            ended.set()

    with read_ahead(produce(), 2) as items:
        next(items)
    assert ended.wait(10)


def test_everything_is_written_by_the_end_of_the_block() -> None:
    written: list[int] = []
    with write_behind(written.append, 2) as write:
        for index in range(20):
            write(index)
    assert written == list(range(20))


def test_an_error_of_the_writer_reaches_the_caller() -> None:
    def fail(item: int) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"), write_behind(fail, 1) as write:
        for index in range(100):
            write(index)
    with pytest.raises(OSError, match="full"), write_behind(fail, 1) as write:
        write(0)  # met at the end of the block


def test_an_error_in_the_block_is_the_one_raised() -> None:
    written: list[int] = []
    with pytest.raises(KeyError), write_behind(written.append, 4) as write:
        write(1)
        raise KeyError
    assert written in ([], [1])
    assert threading.active_count() == 1
