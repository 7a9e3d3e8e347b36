"""Keep Pillow's warnings from the caller."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_silence_lock = threading.Lock()
_silence_depth = 0
_silence: warnings.catch_warnings[None] | None = None


@contextmanager
def pillow_warnings_silenced() -> Iterator[None]:
    """Drop warnings raised inside Pillow, for as long as any thread is reading.

    `warnings.catch_warnings` restores what it found, so two threads that overlap would restore in
    the wrong order: the first one in installs the filter, the last one out removes it.
    """
    global _silence_depth, _silence
    with _silence_lock:
        if _silence_depth == 0:
            _silence = warnings.catch_warnings()
            _silence.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        _silence_depth += 1
    try:
        yield
    finally:
        with _silence_lock:
            _silence_depth -= 1
            if _silence_depth == 0 and _silence is not None:
                _silence.__exit__(None, None, None)
                _silence = None
