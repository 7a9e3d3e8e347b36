"""Count damaged items of a data set, name them, and stop when they are too many."""

from __future__ import annotations

import sys

from frsdk.errors import InputError


class Skipped:
    """The damaged items of one reading.

    Args:
        total: Items in all.
        allowed_share: Largest share that may be skipped; 0: the first one is an error.
    """

    def __init__(self, total: int, allowed_share: float) -> None:
        self._total, self._allowed_share = total, allowed_share
        self.count = 0

    def add(self, what: str, count: int = 1) -> None:
        """Skip items, naming them on stderr.

        Raises:
            InputError: More are damaged than allowed; the message holds the last one's.
        """
        self.count += count
        if self.count <= self._allowed_share * self._total:
            print(f"skipped: {what}", file=sys.stderr)
            return
        if not self._allowed_share:
            raise InputError(what)
        raise InputError(
            f"{what}: {self.count} of {self._total} are damaged, more than the "
            f"{self._allowed_share:.1%} allowed: repair the data or raise --bad-share"
        )

    @property
    def text(self) -> str:
        """How many, for the end of a message; empty for none."""
        return f", {self.count} skipped" if self.count else ""
