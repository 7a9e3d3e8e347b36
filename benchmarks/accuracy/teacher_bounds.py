"""Whether a network is as good as its teacher on every set of annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from frsdk.errors import InputError

from .markdown_table import table
from .network_score import NetworkScore, TruthScore

LABELLED_BY_TEACHER = "lmk68"
BIN_BOUNDS_PERCENT = (1.5, 2.5, 3.5)
"""Against the teacher's own labels at |yaw| 0-30, 30-60 and 60-90: being below it says nothing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set of faces.

    Attributes:
        faces: Name of the set.
        count: Faces in it.
        network_percent: NME of the network.
        teacher_percent: NME of the teacher.
        bound_percent: What the network may have at most.
    """

    faces: str
    count: int
    network_percent: float
    teacher_percent: float
    bound_percent: float

    @property
    def holds(self) -> bool:
        """Whether the network's NME is at most the bound."""
        return self.network_percent <= self.bound_percent


def comparisons(network: NetworkScore, teacher: NetworkScore) -> list[Comparison]:
    """Plain mean NME on each set of annotated landmarks, and the bins of the teacher's.

    Raises:
        InputError: A set has no faces, or the two were measured on other sets.
    """
    found: list[Comparison] = []
    for ours, theirs in zip(network.truths, teacher.truths, strict=True):
        if ours.summary is None or theirs.summary is None or ours.truth != theirs.truth:
            raise InputError(f"{ours.truth}: expected figures of both networks on the same faces")
        if ours.truth == LABELLED_BY_TEACHER:
            found += _bins(ours, theirs)
        else:
            bound = theirs.summary.mean_percent
            mean = ours.summary.mean_percent
            found.append(Comparison(ours.truth, ours.summary.count, mean, bound, bound))
    return found


def comparison_table(rows: Sequence[Comparison]) -> list[str]:
    """The lines of a Markdown table."""
    cells = [
        [
            row.faces,
            str(row.count),
            f"{row.network_percent:.2f}",
            f"{row.teacher_percent:.2f}",
            f"{row.bound_percent:.2f}",
            "yes" if row.holds else "NO",
        ]
        for row in rows
    ]
    return table(["faces", "count", "network", "teacher", "at most", "holds"], cells)


def _bins(ours: TruthScore, theirs: TruthScore) -> Iterator[Comparison]:
    if ours.summary is None or theirs.summary is None:
        return
    for mine, other, bound in zip(
        ours.summary.bins, theirs.summary.bins, BIN_BOUNDS_PERCENT, strict=True
    ):
        if mine.mean_percent is not None and other.mean_percent is not None:
            name = f"{ours.truth} {mine.low_deg:.0f}-{mine.high_deg:.0f}°"
            yield Comparison(name, mine.count, mine.mean_percent, other.mean_percent, bound)
