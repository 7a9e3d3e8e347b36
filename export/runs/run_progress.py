"""Show a long run's progress: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from frsdk.commands.terminal import progress

OnStep = Callable[[Mapping[str, float]], None]
_LINES_EVERY_S = 10.0
_Item = TypeVar("_Item")


def show_progress(run: Callable[[OnStep], None], steps: int) -> None:
    """Call ``run`` with a function that tells one step's numbers, on stderr."""
    with progress("training", steps, lines_every_s=_LINES_EVERY_S) as advance:
        run(lambda record: advance(1, _shown(record)))


def with_progress(label: str, items: Iterable[_Item], total: int) -> Iterator[_Item]:
    """The same items, told on stderr as they are taken."""
    with progress(label, total, lines_every_s=_LINES_EVERY_S) as advance:
        for item in items:
            yield item
            advance(1, "")


def _shown(record: Mapping[str, float]) -> str:
    rate = record.get("images_per_s", record.get("scenes_per_s", 0.0))
    return f"loss {record['loss']:.2f}, {rate:.0f} images/s"
