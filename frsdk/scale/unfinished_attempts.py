"""How often work was begun and not ended: by that, work that kills its process is found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Attempts:
    """Counts in the cluster's own store, which outlives the processes that count."""

    def __init__(self, run: str) -> None:
        """Keep what tells this run's counts from others'."""
        self._run = run

    @contextmanager
    def attempt(self, paths: Sequence[str]) -> Iterator[int]:
        """Count an attempt for the `with` block; one that the process survives does not count.

        Args:
            paths: The pictures of the work.

        Yields:
            How often the same work was begun before and never ended.
        """
        # The store has no public name yet; Ray's own libraries use it so.
        from ray.experimental.internal_kv import (
            _internal_kv_del,
            _internal_kv_get,
            _internal_kv_put,
        )

        digest = hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()
        key = f"frsdk-attempts:{self._run}:{digest}".encode()
        before = int(_internal_kv_get(key) or b"0")
        _internal_kv_put(key, str(before + 1).encode())
        try:
            yield before
        finally:
            _internal_kv_del(key)
