"""Area under the curve and failure rate."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.error_distribution import curve, distribution
from frsdk.errors import InputError

ERRORS = np.array([0.0, 5.0, 20.0, np.nan])


def test_area_and_failures_count_missed_faces() -> None:
    found = distribution(ERRORS, 10.0)
    assert found.auc == pytest.approx((1 + 0.5) / 4)
    assert found.failure_rate == pytest.approx(2 / 4)
    assert found.threshold_percent == 10.0


def test_area_is_that_of_the_curve() -> None:
    errors = np.random.default_rng(0).gamma(4.0, 1.0, 500)
    at = np.linspace(0, 7, 70001)
    assert distribution(errors, 7.0).auc == pytest.approx(curve(errors, at).mean(), abs=1e-4)


def test_curve_is_the_share_at_or_below() -> None:
    assert curve(ERRORS, np.array([-1, 0, 4.9, 5, 19, 21])) == pytest.approx(
        [0, 0.25, 0.25, 0.5, 0.5, 0.75]
    )


def test_nothing_to_measure() -> None:
    with pytest.raises(InputError, match="at least one error"):
        distribution(np.array([]), 10.0)
    with pytest.raises(InputError, match="positive threshold"):
        distribution(ERRORS, 0.0)
