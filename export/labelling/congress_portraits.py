"""The portraits of voteview/member_photos in the public domain: old ones and official ones."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from frsdk.errors import InputError
from frsdk.storage.atomic_write import atomic_write, make_folder

from ..datasets.data_provenance import CARD_NAME, write_card

_OLD = range(45, 70)  # last Congress of members whose portraits were published before 1930
_OFFICIAL_FROM = 100  # portraits in the Biographical Directory since then are government works
_GET = "give a checkout of github.com/voteview/member_photos"
_NEEDED = {"icpsr", "congress", "image", "source", "provenance"}
_LAST_FREE_YEAR = 1929

NAME = "portraits of the US Congress (voteview/member_photos)"
TERMS = (
    "public domain: published before 1930, or works of the US government (as selected; the "
    "repository states no licence)"
)


@dataclass(slots=True)
class Selection:
    """Which portraits were taken, and why others were not.

    Attributes:
        old: Members whose last Congress was the 45th to the 69th (1877 to 1927).
        official: Biographical Directory, 100th Congress and later.
        other_years: Members of other years.
        doubtful: Of the right years, but of a named source that is neither old nor in the public
            domain.
        missing: Files that are not there.
    """

    old: int = 0
    official: int = 0
    other_years: int = 0
    doubtful: int = 0
    missing: int = 0

    def __str__(self) -> str:
        """One line of counts."""
        return (
            f"{self.old + self.official} portraits: {self.old} of members who left by 1927, "
            f"{self.official} official ones since 1987; left out: {self.other_years} of other "
            f"years or sources, {self.doubtful} of doubtful origin, {self.missing} missing"
        )


def select_portraits(repository: Path, output: Path) -> Selection:
    """Put the portraits that a product may learn from into a folder, with a data card.

    Args:
        repository: A checkout of voteview/member_photos.
        output: Gets ``ICPSR.jpg`` files and ``card.json``.

    Raises:
        InputError: ``members.csv`` is missing or damaged, or no portrait is there.
        OutputError: A file cannot be written.
    """
    members = _members(repository / "members.csv")
    make_folder(output)
    counts = Selection()
    for row in members:
        kind = _kind(row)
        if kind in ("other_years", "doubtful"):
            setattr(counts, kind, getattr(counts, kind) + 1)
            continue
        picture = repository / row["image"]
        try:
            content = picture.read_bytes()
        except OSError:
            counts.missing += 1
            continue
        atomic_write(output / picture.name, content)
        setattr(counts, kind, getattr(counts, kind) + 1)
    if not counts.old + counts.official:
        raise InputError(f"{repository}: none of the portraits of members.csv is there: {_GET}")
    write_card(output / CARD_NAME, NAME, TERMS)
    return counts


def _members(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: cannot be read ({error}): {_GET}") from error
    if not rows or not set(rows[0]) >= _NEEDED:
        raise InputError(f"{file}: expected the columns {', '.join(sorted(_NEEDED))}: {_GET}")
    for number, row in enumerate(rows, 2):
        if any(row[name] is None for name in _NEEDED):
            raise InputError(f"{file}: line {number} is too short: {_GET}")
    return rows


def _kind(row: dict[str, str]) -> str:
    """Which count of ``Selection`` a member belongs to."""
    try:
        congress = int(row["congress"])
    except ValueError as error:
        raise InputError(f"members.csv: congress of {row['icpsr']}: expected a number") from error
    told = row["provenance"].strip()
    if congress in _OLD:
        return "old" if not told or _free(told) else "doubtful"
    if congress >= _OFFICIAL_FROM and row["source"] == "bio_guide":
        return "doubtful" if told else "official"
    return "other_years"


def _free(provenance: str) -> bool:
    """Whether a source is said to be in the public domain, or names a year before 1930."""
    years = [int(year) for year in re.findall(r"\b(1[789]\d\d|20\d\d)\b", provenance)]
    if years and max(years) > _LAST_FREE_YEAR:
        return False
    return bool(years) or "public domain" in provenance.lower()
