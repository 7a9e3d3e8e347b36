"""How far a long command is, on one line of a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

_INTERVAL_S = 0.5


class ProgressLine:
    """Frames done, frames a second and the time left, on stderr, only where that is a terminal."""

    def __init__(self, total: int | None) -> None:
        """Begin.

        Args:
            total: How many frames there are, or None where that is not known.
        """
        self._total = total
        self._shown = sys.stderr.isatty()
        self._started_s = self._last_s = time.monotonic()

    def update(self, done: int) -> None:
        """Tell how many frames are done; the line changes twice a second."""
        now_s = time.monotonic()
        if not self._shown or now_s - self._last_s < _INTERVAL_S:
            return
        self._last_s = now_s
        line = progress_text(done, self._total, now_s - self._started_s)
        click.echo(f"\r\033[K{line}", err=True, nl=False)

    def __enter__(self) -> ProgressLine:
        """Return the line."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Clear the line."""
        if self._shown:
            click.echo("\r\033[K", err=True, nl=False)


def progress_text(done: int, total: int | None, elapsed_s: float) -> str:
    """The line for frames done so far in so many seconds."""
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    if not total or done > total or not rate:
        return f"{done} frames, {rate:.1f} frames/s"
    left_s = round((total - done) / rate)
    hours, minutes, seconds = left_s // 3600, left_s // 60 % 60, left_s % 60
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{done} of {total} frames ({100 * done // total} %), {rate:.1f} frames/s, {clock} left"
