"""Portraits in which a detector finds no face, by groups of people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from frsdk import read_image
from frsdk.commands.console_errors import reports_errors
from frsdk.detectors import Detector, detector_from_option
from frsdk.imaging.image_sources import find_images

from ..accuracy.group_figures import read_groups
from ..accuracy.markdown_table import table
from .detectors_option import detectors_option

_FEWEST = 20  # pictures of a group that gets a line


@dataclass(frozen=True, slots=True)
class Missed:
    """Pictures of a group without a face found.

    Attributes:
        column: Of the file of groups; "" for all pictures.
        group: A value of that column.
        pictures: Of the group.
        missed: By each detector.
    """

    column: str
    group: str
    pictures: int
    missed: tuple[int, ...]


def missed_pictures(
    folder: Path,
    detectors: Sequence[Detector],
    groups: Path | None,
    progress: Callable[[], None],
) -> list[Missed]:
    """Show each picture of a folder to each detector, and count.

    Args:
        folder: Portraits of one person each.
        detectors: At their own thresholds.
        groups: A CSV file, see ``read_groups``.
        progress: Called after each picture.

    Raises:
        FrsdkError: A picture or the file of groups cannot be read.
    """
    sources = find_images([folder])
    names = [str(source.name) for source in sources]
    columns = read_groups(groups, names) if groups is not None else {}
    missed = []
    for source in sources:
        image = read_image(source.location)
        missed.append([not detect(image) for detect in detectors])
        progress()
    rows = [_counted("", "all", missed)]
    for column, values in columns.items():
        for group in sorted({*values} - {""}):
            own = [each for each, value in zip(missed, values, strict=True) if value == group]
            if len(own) >= _FEWEST:
                rows.append(_counted(column, group, own))
    return rows


def _counted(column: str, group: str, missed: Sequence[Sequence[bool]]) -> Missed:
    return Missed(column, group, len(missed), tuple(map(sum, zip(*missed, strict=True))))


def missed_table(names: Sequence[str], rows: Sequence[Missed]) -> list[str]:
    """Lines of a Markdown table: shares in percent, one column a detector."""
    cells = [
        [row.column, row.group, str(row.pictures)]
        + [f"{100 * count / row.pictures:.2f}" for count in row.missed]
        for row in rows
    ]
    head = ["column", "group", "pictures", *(f"{name}, missed %" for name in names)]
    return table(head, cells)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@detectors_option
@click.option(
    "--groups",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV: file, then a column for each way to group.",
)
@reports_errors
def misses(folder: Path, detectors: tuple[str, ...], groups: Path | None) -> None:
    """Share of the portraits in FOLDER in which a detector finds no face, by groups of people."""
    from frsdk.commands.terminal import progress

    chosen = [detector_from_option(name, min_score=None) for name in detectors]
    with progress("pictures", len(find_images([folder]))) as advance:
        rows = missed_pictures(folder, chosen, groups, lambda: advance(1, ""))
    for line in missed_table(detectors, rows):
        click.echo(line)
