"""Show a training run's progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import click

OnStep = Callable[[Mapping[str, float]], None]


def show_progress(run: Callable[[OnStep], None], steps: int) -> None:
    """Call ``run`` with a function that moves a bar of so many steps on stderr."""
    with click.progressbar(
        length=steps, label="training", show_pos=True, item_show_func=_shown, file=sys.stderr
    ) as bar:
        run(lambda record: bar.update(1, record))


def _shown(record: Mapping[str, float] | None) -> str:
    if not record:
        return ""
    rate = record.get("images_per_s", record.get("scenes_per_s", 0.0))
    return f"loss {record['loss']:.2f}, {rate:.0f} images/s"
