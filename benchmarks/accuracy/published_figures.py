"""Figures that papers print for AFLW2000-3D and AFLW, to stand beside measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .markdown_table import table


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """NME in percent as a paper prints it; None where it prints none.

    Attributes:
        method: Name of the method.
        faces: Name of the set, as reports have it.
        bins: 0-30, 30-60 and 60-90 degrees of absolute yaw.
        mean: Over the three bins.
        std: Over the three bins; Zhu et al. divide by 2, those after 3DDFA's code by 3.
        source: Where it is printed.
    """

    method: str
    faces: str
    bins: tuple[float | None, float | None, float | None]
    mean: float | None
    std: float | None
    source: str


_ZHU = "Zhu et al., CVPR 2016, table 1"
_3DDFA_CODE = "README of cleardusk/3DDFA"
_MFIRRN = "README of leilimaster/MFIRRN (Li et al., ICASSP 2021), which quotes it"

_LI = "Li et al., ICPR 2020; its bins were not at hand"

_AFLW2000, _AFLW = "AFLW2000-3D", "AFLW"

#: Only what could be read in one of the sources named.
PUBLISHED = (
    PublishedRow("3DDFA", _AFLW2000, (3.78, 4.54, 7.93), 5.42, 2.21, _ZHU),
    PublishedRow("3DDFA+SDM", _AFLW2000, (3.43, 4.24, 7.17), 4.94, 1.97, _ZHU),
    PublishedRow("DeFA", _AFLW2000, (4.50, 5.56, 7.33), 5.803, 1.169, _MFIRRN),
    PublishedRow("Nonlinear 3DMM", _AFLW2000, (None, None, None), 4.70, None, _MFIRRN),
    PublishedRow("DAMDNet", _AFLW2000, (2.907, 3.830, 4.953), 3.897, 0.837, _MFIRRN),
    PublishedRow("3DDFA, PyTorch", _AFLW2000, (None, None, None), 4.252, 0.976, _3DDFA_CODE),
    PublishedRow("Mobile-FRNet", _AFLW2000, (None, None, None), 3.832, None, _LI),
    PublishedRow("3DDFA", _AFLW, (5.00, 5.06, 6.74), 5.60, 0.99, _ZHU),
    PublishedRow("3DDFA+SDM", _AFLW, (4.75, 4.83, 6.38), 5.32, 0.92, _ZHU),
    PublishedRow("DAMDNet", _AFLW, (4.359, 5.209, 6.028), 5.199, 0.682, _MFIRRN),
    PublishedRow("3DDFA, PyTorch", _AFLW, (None, None, None), 5.401, 0.754, _3DDFA_CODE),
    PublishedRow("Mobile-FRNet", _AFLW, (None, None, None), 4.910, None, _LI),
)


def published_rows(faces: str) -> list[PublishedRow]:
    """The rows of one set, by its name in reports; none for a set that no paper has."""
    return [row for row in PUBLISHED if row.faces == faces]


def published_table(rows: Sequence[PublishedRow]) -> list[str]:
    """The lines of a Markdown table, marked as published."""
    head = ["published", "0-30°", "30-60°", "60-90°", "mean", "std", "source"]
    cells = [
        [
            row.method,
            *("-" if value is None else f"{value:g}" for value in (*row.bins, row.mean, row.std)),
            row.source,
        ]
        for row in rows
    ]
    return table(head, cells)
