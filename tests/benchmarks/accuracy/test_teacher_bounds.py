"""A network beside its teacher."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.error_distribution import distribution
from frsdk.benchmarks.accuracy.network_score import NetworkScore, TruthScore
from frsdk.benchmarks.accuracy.teacher_bounds import comparison_table, comparisons
from frsdk.errors import InputError
from frsdk.metrics.nme import summarise_nme

YAW = np.array([0.0, 40.0, 80.0])


def score_of(name: str, errors: dict[str, list[float]]) -> NetworkScore:
    truths = tuple(
        TruthScore(
            truth=truth,
            errors_percent=np.array(each),
            faces=len(each),
            missed=0,
            summary=summarise_nme(np.array(each), YAW) if each else None,
            distribution=distribution(np.array(each or [0.0]), 10.0),
            offset_percent=None,
        )
        for truth, each in errors.items()
    )
    return NetworkScore(name, "engine", "model", truths, None, None)


def test_bins_of_the_teacher_s_labels_and_means_of_people_s() -> None:
    network = score_of("a", {"lmk68": [1.5, 2.51, 3.0], "gt68": [3.0, 3.0, 3.0], "gt30": [4, 4, 4]})
    teacher = score_of("t", {"lmk68": [0.9, 1.2, 1.8], "gt68": [2.0, 3.0, 4.0], "gt30": [4, 4, 3]})
    rows = comparisons(network, teacher)
    assert [(row.faces, row.bound_percent, row.holds) for row in rows] == [
        ("lmk68 0-30°", 1.5, True),
        ("lmk68 30-60°", 2.5, False),
        ("lmk68 60-90°", 3.5, True),
        ("gt68", 3.0, True),
        ("gt30", pytest.approx(11 / 3), False),
    ]
    lines = comparison_table(rows)
    assert lines[3] == "| lmk68 30-60° | 1 | 2.51 | 1.20 | 2.50 | NO |"
    assert lines[5] == "| gt68 | 3 | 3.00 | 3.00 | 3.00 | yes |"


def test_figures_that_are_not_there() -> None:
    with pytest.raises(InputError, match="gt68: expected figures of both networks"):
        comparisons(score_of("a", {"gt68": []}), score_of("t", {"gt68": [1, 2, 3]}))
    with pytest.raises(InputError, match="same faces"):
        comparisons(score_of("a", {"x": [1, 2, 3]}), score_of("t", {"gt68": [1, 2, 3]}))
