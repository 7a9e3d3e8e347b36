"""Cumulative error distribution, the area under it, and the failure rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the errors of a set are distributed up to a threshold.

    Attributes:
        threshold_percent: Where it ends.
        auc: Area under the curve over the threshold, 0..1 (1: no error at all).
        failure_rate: Share of faces above the threshold, missed ones included.
    """

    threshold_percent: float
    auc: float
    failure_rate: float


def distribution(errors_percent: Array, threshold_percent: float) -> Distribution:
    """Area and failure rate of errors; NaN is a missed face.

    The area is exact: the mean over the faces of max(0, 1 - error / threshold).

    Raises:
        InputError: No face, or a threshold that is not positive.
    """
    if not len(errors_percent):
        raise InputError("expected at least one error")
    if not threshold_percent > 0.0:
        raise InputError(f"expected a positive threshold in percent, got {threshold_percent}")
    errors = np.where(np.isnan(errors_percent), np.inf, errors_percent)
    auc = float(np.maximum(0.0, 1.0 - errors / threshold_percent).mean())
    return Distribution(threshold_percent, auc, float((errors > threshold_percent).mean()))


def curve(errors_percent: Array, at_percent: Array) -> Array:
    """Share of faces with at most each of some errors; NaN is a missed face."""
    found = np.sort(errors_percent[~np.isnan(errors_percent)])
    below = np.searchsorted(found, at_percent, side="right")
    return np.asarray(below / max(1, len(errors_percent)), np.float64)
