"""How closely landmarks follow what faces do: eyes, mouth and brows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.metrics.expression_measures import (
    MEASURED_LANDMARKS,
    MEASURES,
    expression_measures,
    eye_openings,
)

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_FACES = 10
"""Below this a correlation says nothing and is left out."""

_NO_SPREAD = 1e-9
CLOSED, OPEN = 0.12, 0.20
"""Eye aspect ratios of annotated landmarks: both eyes below are closed, both above are open."""


@dataclass(frozen=True, slots=True)
class MeasureScore:
    """One measure of a system against annotated landmarks, over some faces.

    Attributes:
        measure: One of ``MEASURES``.
        correlation: Pearson's r; None below ``FEWEST_FACES`` or without any spread.
        slope: Of the line through (people, system) by least squares; None likewise.
        offset: Mean of system - people; None without a face.
    """

    measure: str
    correlation: float | None
    slope: float | None
    offset: float | None


@dataclass(frozen=True, slots=True)
class GroupScore:
    """A system on one group of faces.

    Attributes:
        group: Its name.
        count: Faces that people annotated and the system found.
        missed: Annotated faces that it did not find.
        measures: In the order of ``MEASURES``.
    """

    group: str
    count: int
    missed: int
    measures: tuple[MeasureScore, ...]


@dataclass(frozen=True, slots=True)
class EyesScore:
    """How a system tells closed eyes from open ones by its mean eye aspect ratio.

    Attributes:
        group: Name of the group of faces.
        closed: Faces with closed eyes that the system found.
        open: Faces with open eyes that it found.
        missed: Faces of both kinds that it did not find.
        auc: Area under the ROC curve; None unless there are ``FEWEST_FACES`` of both.
        closed_median: Median eye aspect ratio of the closed ones; None without any.
        open_median: The same of the open ones.
    """

    group: str
    closed: int
    open: int
    missed: int
    auc: float | None
    closed_median: float | None
    open_median: float | None


def score_measures(group: str, people: Array, found: Array) -> GroupScore:
    """Compare the (n, 68, 2) points of a system with annotated ones; NaN where it found no face."""
    seen = _seen(found)
    truth, ours = expression_measures(people[seen]), expression_measures(found[seen])
    scores = tuple(
        _measure_score(name, truth[:, column], ours[:, column])
        for column, name in enumerate(MEASURES)
    )
    return GroupScore(group, int(seen.sum()), int((~seen).sum()), scores)


def score_eyes(group: str, closed: Mask, opened: Mask, found: Array) -> EyesScore:
    """Compare closed and open eyes by a system's (n, 68, 2) points.

    Args:
        group: Its name.
        closed: (n,) faces with both eyes closed.
        opened: (n,) faces with both eyes open.
        found: (n, 68, 2), NaN where the system found no face.
    """
    seen = _seen(found)
    opening = np.full(len(found), np.nan)
    opening[seen] = eye_openings(found[seen]).mean(axis=1)
    low, high = opening[closed & seen], opening[opened & seen]
    enough = min(len(low), len(high)) >= FEWEST_FACES
    return EyesScore(
        group=group,
        closed=len(low),
        open=len(high),
        missed=int(((closed | opened) & ~seen).sum()),
        auc=auc(low, high) if enough else None,
        closed_median=float(np.median(low)) if len(low) else None,
        open_median=float(np.median(high)) if len(high) else None,
    )


def eyes_of_points(people: Array) -> tuple[Mask, Mask]:
    """Which of n faces have both eyes closed, and both open, by (n, 68, 2) points; NaN: neither."""
    given = np.isfinite(people).all(axis=(1, 2))
    openings = np.full((len(people), 2), np.nan)
    openings[given] = eye_openings(people[given])
    closed = given & (np.nan_to_num(openings, nan=1.0) < CLOSED).all(axis=1)
    opened = given & (np.nan_to_num(openings, nan=0.0) > OPEN).all(axis=1)
    return closed, opened


def auc(low: Array, high: Array) -> float:
    """Share of pairs of which the first is lower than the second, ties counting half."""
    below = (low[:, None] < high[None]).mean() + 0.5 * (low[:, None] == high[None]).mean()
    return float(below)


def _seen(found: Array) -> Mask:
    """(n,) whether a system gives all points that are measured; others do not matter."""
    return np.asarray(np.isfinite(found[:, MEASURED_LANDMARKS]).all(axis=(1, 2)), np.bool_)


def _measure_score(name: str, truth: Array, found: Array) -> MeasureScore:
    if not len(truth):
        return MeasureScore(name, None, None, None)
    offset = float((found - truth).mean())
    spread, own = truth.std(), found.std()
    if len(truth) < FEWEST_FACES or min(spread, own) < _NO_SPREAD:
        return MeasureScore(name, None, None, offset)
    together = ((truth - truth.mean()) * (found - found.mean())).mean()
    return MeasureScore(name, float(together / spread / own), float(together / spread**2), offset)
