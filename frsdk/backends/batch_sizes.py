"""In which parts a batch runs on an engine, and what each part is filled up to."""

from __future__ import annotations

from ..engine_files.engine_header import BatchProfile


def split_batch(count: int, maximum: int) -> list[int]:
    """Parts of at most `maximum` that add up to `count`, as equal as they can be."""
    parts = -(-count // maximum)
    return [count // parts + (index < count % parts) for index in range(parts)]


def filled(count: int, batches: BatchProfile) -> int:
    """A batch filled up to what its profile takes at least."""
    return max(count, batches.minimum)


def size_of_profile(count: int, batches: BatchProfile) -> int:
    """The next of a profile's three sizes: each recording holds a context with scratch memory."""
    return next(size for size in batches.sizes if size >= count)


def power_of_two(count: int, batches: BatchProfile) -> int:
    """The next power of two: each size costs a compilation at run time."""
    return min(max(1 << (count - 1).bit_length(), batches.minimum), batches.maximum)
