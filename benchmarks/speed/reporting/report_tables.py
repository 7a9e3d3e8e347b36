"""A report as tables: for people, for documents and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any  # a table as JSON has it

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


def text_lines(tables: Sequence[Table]) -> list[str]:
    """Aligned columns for a terminal."""
    lines: list[str] = []
    for table in tables:
        cells = [list(table.columns), *([_shown(cell) for cell in row] for row in table.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
        lines += [table.title, "-" * len(table.title)]
        for row in cells:
            left = row[0].ljust(widths[0])
            rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            lines.append("  ".join((left, *rest)).rstrip())
        lines += [table.note] if table.note else []
        lines.append("")
    return lines


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
