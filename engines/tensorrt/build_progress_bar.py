"""How far a build has come, for people at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from frsdk.commands.terminal import progress

from ..graphs.network_file import read_network
from .build_defaults import TARGETS
from .build_progress import ReportProgress
from .build_time_estimate import estimate

_STEPS = 1000


@contextmanager
def shown_progress(source: Path, target: str, precision: str | None) -> Iterator[ReportProgress]:
    """A line beforehand and a bar on stderr, on a terminal only; nothing otherwise.

    Args:
        source: The network that the build starts from.
        target: ``"cpu"``, which takes seconds and shows nothing, ``"tensorrt"`` or ``"rtx"``.
        precision: Of the result; None is that of the source.

    Yields:
        What the build tells how far it is.
    """
    if target == "cpu" or not sys.stderr.isatty():
        yield lambda done, phase: None
        return
    network, flavour = read_network(source), TARGETS[target]
    expected = estimate(flavour, network.nodes, precision or network.spec.precision)
    click.echo(f"building with {flavour}: {expected}", err=True)
    with progress("building", _STEPS) as advance:
        before = 0

        def report(done: float, phase: str) -> None:
            nonlocal before
            advance(int(done * _STEPS) - before, phase)
            before = int(done * _STEPS)

        yield report
