"""Ctrl-C, SIGTERM and SIGHUP as a wish to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class StopSignals:
    """What came.

    Attributes:
        stop: Set by the first signal.
        number: Of that signal, or None.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.number: int | None = None

    @property
    def exit_code(self) -> int:
        """1 after Ctrl-C, as click has it; after another signal 128 and its number, as a shell."""
        return 1 if self.number in (None, signal.SIGINT) else 128 + self.number


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Take signals as a wish to stop; a second one interrupts at once.

    Outside the main thread, where signals cannot be taken, none is; one that is ignored stays so.
    """
    signals = StopSignals()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if signals.stop.is_set():
            raise KeyboardInterrupt
        signals.number = number
        signals.stop.set()

    taken = []
    if threading.current_thread() is threading.main_thread():
        taken = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, on_signal)) for number in taken]
    try:
        yield signals
    finally:
        for number, handler in before:
            signal.signal(number, handler)
