"""A report as tables: for people, for documents and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any  # a table as JSON has it

import click

from frsdk.commands.terminal import print_table

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """One section of a report.

    Attributes:
        key: Name for machines.
        title: Name for people.
        columns: Heads; units are in them.
        rows: One cell a column; None where there is nothing to say.
        note: What the reader must know.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def print_tables(tables: Sequence[Table]) -> None:
    """For people, on stdout: folded to the width of a terminal, one line a row elsewhere."""
    for table in tables:
        click.echo(f"{table.title}\n{'-' * len(table.title)}")
        print_table(table.columns, [[_shown(cell) for cell in row] for row in table.rows])
        click.echo(f"{table.note}\n" if table.note else "")


def markdown_lines(tables: Sequence[Table]) -> list[str]:
    """The same for a document."""
    lines: list[str] = []
    for table in tables:
        lines += [f"## {table.title}", "", _line(table.columns)]
        lines.append(_line(["---", *["---:"] * (len(table.columns) - 1)]))
        lines += [_line([_shown(cell).replace("|", "\\|") for cell in row]) for row in table.rows]
        lines += ["", table.note] if table.note else []
        lines.append("")
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if not isinstance(cell, float):
        return str(cell)
    if cell == 0.0 or abs(cell) >= 1000.0:
        return f"{cell:.0f}"
    if abs(cell) < 1e-3:
        return f"{cell:.1e}"
    return f"{cell:.3g}" if abs(cell) < 100.0 else f"{cell:.1f}"
