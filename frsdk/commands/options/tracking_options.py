"""Options of the commands that follow faces through a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")

_FACES = click.option(
    "--faces",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="Follow at most N faces.",
)
_SMOOTHING = click.option(
    "--smoothing",
    default="balanced",
    show_default=True,
    metavar="NAME|none",
    help="Preset of the tracker's smoothing.",
)


def tracking_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--faces` and `--smoothing`."""
    return _FACES(_SMOOTHING(command))
