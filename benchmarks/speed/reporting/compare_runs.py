"""Set a run beside an earlier one: ratios, which repeat where milliseconds do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # a report as JSON has it

from frsdk.errors import InputError
from frsdk.specs.json_text import parse_json

from .report_tables import Cell, Table

REPEATS_WITHIN = 0.05
_RATIOS = ("ratio", "ratio to one face")


def read_report(path: Path) -> dict[str, Any]:
    """Read what `--json` wrote.

    Raises:
        InputError: The file is missing or not such a report.
    """
    try:
        document = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}): give a --json file"
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}): give a file of frsdk-bench -o") from error
    if not isinstance(document, dict) or not isinstance(document.get("tables"), list):
        raise InputError(f"{path}: not a report of frsdk-bench: give a file of its -o")
    if not all(_is_table(each) for each in document["tables"]):
        raise InputError(f"{path}: a damaged report of frsdk-bench: give a file of its -o")
    return document


def _is_table(value: Any) -> bool:
    """Whether a part of a report has the shape of a table, and ratios that are numbers."""
    if not isinstance(value, dict) or not isinstance(value.get("key"), str):
        return False
    columns, rows = value.get("columns"), value.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return False
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return False
    places = [index for index, name in enumerate(columns) if name in _RATIOS]
    ratios = [row[place] for row in rows for place in places if row[place] is not None]
    return all(isinstance(each, int | float) and 0 < each < math.inf for each in ratios)


def compare_table(tables: Sequence[Table], earlier: dict[str, Any], source: str) -> Table:
    """Every ratio of this run beside the earlier run's.

    Raises:
        InputError: No row is in both reports.
    """
    before = {
        key: value
        for each in earlier["tables"]
        for key, value in _ratios(each["key"], each["columns"], each["rows"])
    }
    rows: list[tuple[Cell, ...]] = []
    for table in tables:
        for key, ratio in _ratios(table.key, table.columns, table.rows):
            if key in before:
                change = ratio / before[key] - 1.0
                verdict = "repeats" if abs(change) <= REPEATS_WITHIN else "differs"
                rows.append((key, before[key], ratio, change * 100, verdict))
    if not rows:
        raise InputError(f"{source}: no ratio in common with this run: use the same options")
    columns = ("row", "ratio before", "ratio now", "change %", f"within {REPEATS_WITHIN:.0%}")
    return Table("compare", f"Against {source}", columns, rows)


def _ratios(
    key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[tuple[str, float]]:
    """(name of the row, its ratio) of a table; names are the texts and whole numbers before it."""
    found = []
    for head in _RATIOS:
        if head in columns:
            at = list(columns).index(head)
            for row in rows:
                names = [str(cell) for cell in row[:at] if isinstance(cell, str | int)]
                if row[at] is not None:
                    found.append((f"{key}: {', '.join(names)}", float(row[at])))
    return found
