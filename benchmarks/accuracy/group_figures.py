"""The same figures for groups of people: which group fares worst, and by how much."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

from .markdown_table import table

Array = NDArray[np.float64]

_NAMES = ("file", "name", "key")
_NUMBERED = re.compile(r"(.+)_\d+")  # what frsdk-train label makes of a file's name
_FEWEST = 20  # faces of a group that counts in the ratio
_MOST_GROUPS = 20  # of a column; one with more tells persons or pictures apart, not groups


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One network on the faces of one group.

    Attributes:
        network: Its name.
        labels: Which landmarks it was measured against.
        column: Of the file of groups, such as `race`.
        group: A value of that column.
        faces: In the group.
        missed: Of them, not found by the detector.
        median_percent: NME of those found; None where none was.
        mean_percent: Likewise.
        worst_over_best: Of the column's medians, over groups of 20 faces and more; None below two.
    """

    network: str
    labels: str
    column: str
    group: str
    faces: int
    missed: int
    median_percent: float | None
    mean_percent: float | None
    worst_over_best: float | None


def read_groups(path: Path, pictures: Sequence[str]) -> dict[str, list[str]]:
    """The groups of pictures by column, `""` for a picture that the file does not name.

    Args:
        path: A CSV file with a column `file`, `name` or `key`, and a column for each way to group.
            A picture is named by its path, the last part of it, or that without its suffix.
        pictures: Names as the reports show them.

    Raises:
        InputError: The file cannot be read, names no picture, or has no column to group by.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV: {error}") from error
    names = next((name for name in _NAMES if rows and name in rows[0]), None)
    if names is None:
        raise InputError(f"{path}: expected a column {', '.join(_NAMES)}, and rows")
    columns = [name for name in rows[0] if name and name not in _NAMES]
    groups_of = {name: len({row[name] for row in rows} - {"", None}) for name in columns}
    columns = [name for name in columns if 2 <= groups_of[name] <= _MOST_GROUPS]
    for name in groups_of:
        if columns and groups_of[name] > _MOST_GROUPS:
            note = f"{path}: column {name} has {groups_of[name]} groups, over {_MOST_GROUPS}"
            print(f"{note}: left out", file=sys.stderr)
    if not columns:
        raise InputError(f"{path}: no column tells 2 to {_MOST_GROUPS} groups apart")
    known: dict[str, Mapping[str, str]] = {}
    for row in rows:
        for alias in _aliases(row[names] or ""):
            known.setdefault(alias, row)
    found = [_row_of(name, known) for name in pictures]
    if not any(found):
        raise InputError(
            f"{path}: names none of the {len(pictures)} pictures, such as {pictures[0]}"
        )
    return {column: [(row.get(column) or "") for row in found] for column in columns}


def group_rows(
    network: str, labels: str, errors_percent: Array, groups: Mapping[str, Sequence[str]]
) -> list[GroupRow]:
    """The figures of one network by group.

    Args:
        network: Its name.
        labels: Of the landmarks.
        errors_percent: (m,) NME, NaN for a missed face.
        groups: For each column the groups of these m faces, `""` where unknown.
    """
    rows = []
    for column, values in groups.items():
        members = {
            name: np.array([value == name for value in values]) for name in sorted({*values})
        }
        members.pop("", None)
        medians = {name: _median(errors_percent[mask]) for name, mask in members.items()}
        counted = [
            median
            for name, median in medians.items()
            if median is not None and members[name].sum() >= _FEWEST
        ]
        ratio = max(counted) / min(counted) if len(counted) > 1 else None
        for name, mask in members.items():
            own = errors_percent[mask]
            seen = own[np.isfinite(own)]
            mean = float(seen.mean()) if len(seen) else None
            missed = len(own) - len(seen)
            rows.append(
                GroupRow(
                    network, labels, column, name, len(own), missed, medians[name], mean, ratio
                )
            )
    return rows


def worst_group_line(rows: Sequence[GroupRow]) -> str:
    """How much worse the worst group fares than the best, by network, labels and column."""
    ratios = {
        f"{row.network}, {row.labels}, {row.column}: {row.worst_over_best:.3f}": None
        for row in rows
        if row.worst_over_best is not None
    }
    none = f"no two groups of {_FEWEST} faces"
    return f"Median NME of the worst group over the best: {'; '.join(ratios) or none}."


def group_table(rows: Sequence[GroupRow]) -> list[str]:
    """Every group as Markdown."""
    cells = [
        [
            row.network,
            row.labels,
            row.column,
            row.group,
            str(row.faces),
            "-" if row.median_percent is None else f"{row.median_percent:.2f}",
            "-" if row.mean_percent is None else f"{row.mean_percent:.2f}",
            f"{100.0 * row.missed / row.faces:.1f} %",
        ]
        for row in rows
    ]
    head = ["network", "labels", "column", "group", "faces", "median", "mean", "missed"]
    return table(head, cells)


def _median(errors: Array) -> float | None:
    seen = errors[np.isfinite(errors)]
    return float(np.median(seen)) if len(seen) else None


def _aliases(name: str) -> list[str]:
    path = Path(name)
    return [name, path.name, path.stem]


def _row_of(picture: str, known: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    numbered = _NUMBERED.fullmatch(Path(picture).stem)
    names = [*_aliases(picture), *([numbered[1]] if numbered else [])]
    return next((known[name] for name in names if name in known), {})
