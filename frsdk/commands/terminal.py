"""Progress and tables for people: drawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import click

#: Moves a bar by so many steps, with a remark on the last one.
Advance = Callable[[int, str], None]


@contextmanager
def progress(
    label: str, total: int | None, *, lines_every_s: float | None = None
) -> Iterator[Advance]:
    """Show how far a job has come on stderr, with its rate and the time left.

    Args:
        label: What is being done.
        total: Steps of the job; None where that is not known.
        lines_every_s: Where stderr is no terminal: a line this often, so that logs say something;
            None: nothing there.

    Yields:
        A function of (steps, remark).
    """
    if sys.stderr.isatty():
        with _bar(label, total) as advance:
            yield advance
    elif lines_every_s is None:
        yield lambda steps, remark: None
    else:
        yield _Lines(label, total, lines_every_s)


def show_step(step: str) -> None:
    """Name the step of a job in the last line of a terminal's stderr; ``""`` clears it."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{step}", nl=False, err=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print cells under heads on stdout, the first column to the left, the others to the right.

    On a terminal long cells are folded to its width; elsewhere each row is one line.
    """
    if not sys.stdout.isatty():
        click.echo("\n".join(aligned_lines(columns, rows)))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: brackets are no markup
    Console().print(table)


def print_facts(lines: Iterable[str]) -> None:
    """Print a heading and lines of ``name: fact`` on stdout.

    On a terminal names and facts are two columns, facts are folded to its width, and those that
    begin with yes or no are coloured; elsewhere the lines are printed as they are.
    """
    if not sys.stdout.isatty():
        click.echo("\n".join(lines))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading, *facts = lines
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in facts:
        name, _, fact = line.partition(": ")
        style = {"yes": "green", "no": "red"}.get(fact.partition(":")[0], "")
        table.add_row(Text(name), Text(fact, style=style))
    Console().print(Text(heading, style="bold"), table)


def aligned_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of aligned columns, heads first."""
    cells = [list(columns), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    lines = []
    for row in cells:
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join((row[0].ljust(widths[0]), *rest)).rstrip())
    return lines


@contextmanager
def _bar(label: str, total: int | None) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[remark]}"),
    )
    begin, done = time.monotonic(), 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=total, rate="", remark="")

        def advance(steps: int, remark: str) -> None:
            nonlocal done
            done += steps
            rate = done / max(time.monotonic() - begin, 1e-9)
            text = f"{rate:.1f}/s" if rate >= 1 else f"{1 / max(rate, 1e-9):.1f} s each"
            shown.update(task, advance=steps, rate=text, remark=remark)

        yield advance


class _Lines:
    """A line on stderr now and then, for logs."""

    def __init__(self, label: str, total: int | None, every_s: float) -> None:
        self._label, self._total, self._every_s = label, total, every_s
        self._done, self._begin = 0, time.monotonic()
        self._said = self._begin

    def __call__(self, steps: int, remark: str) -> None:
        self._done += steps
        now = time.monotonic()
        if now - self._said < self._every_s:
            return
        self._said = now
        text = f"{self._label}: {self._done}"
        if self._total is not None:
            left_s = (self._total - self._done) * (now - self._begin) / max(self._done, 1)
            text += f" of {self._total}, {duration(left_s)} left"
        click.echo(f"{text}, {remark}" if remark else text, err=True)


def duration(seconds: float) -> str:
    """``90`` as ``2 min``, ``7200`` as ``2.0 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
