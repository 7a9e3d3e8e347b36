"""The ablation's figures on made-up runs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from frsdk.benchmarks.accuracy.ablation_plot import ablation_plot
from frsdk.benchmarks.accuracy.ablation_report import (
    FULL,
    NO_ATTENTION,
    PLAIN,
    AblationRun,
    ablation_result,
    ablation_table,
    verdict,
)
from frsdk.errors import InputError
from frsdk.metrics.nme import summarise_nme

YAW = np.array([0.0, 45.0, 80.0])


def run(name: str, seed: int, nme: float, images: int = 640) -> AblationRun:
    """A run whose three bins have the NME ``nme`` - 1, ``nme`` and ``nme`` + 1."""
    errors = np.array([nme - 1, nme, nme + 1])
    return AblationRun(name, seed, images, 2.0, summarise_nme(errors, YAW), errors)


def runs(full: float = 3.0) -> list[AblationRun]:
    return [
        run(FULL, 0, full), run(FULL, 1, full + 0.1), run(NO_ATTENTION, 0, 3.2),
        run(NO_ATTENTION, 1, 3.4), run(PLAIN, 0, 3.5), run(PLAIN, 1, 3.7),
    ]  # fmt: skip


def test_means_spreads_and_gains() -> None:
    result = ablation_result(runs())
    assert result[FULL].nme_percent == pytest.approx(3.05)
    assert result.attention_percent == pytest.approx(0.25)
    assert result.spread_percent == pytest.approx(0.2)  # the larger of 0.1 and 0.2
    assert result.gain_percent == pytest.approx(100 * (1 - 3.05 / 3.6))
    assert result.attention_earns_its_keep
    assert "does NOT hold" not in "\n".join(verdict(result))
    lines = ablation_table(result)
    assert len(lines) == 2 + 6 + 3 and "**3.050**" in lines[8]


def test_a_gain_within_the_spread_is_none() -> None:
    result = ablation_result(runs(full=3.1))
    assert not result.attention_earns_its_keep
    assert "does NOT hold" in verdict(result)[0]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (runs()[:4], "lacks mobilenet_v2"),
        (runs()[:5], "the same two seeds"),
        ([*runs()[:5], run(PLAIN, 1, 3.7, images=64)], "different numbers of images"),
        ([each for each in runs() if each.seed == 0], "the same two seeds"),
    ],
)
def test_unlike_runs_are_refused(found: list[AblationRun], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ablation_result(found)


def test_the_picture_has_a_dot_for_each_seed_and_bin() -> None:
    pytest.importorskip("matplotlib")
    result = ablation_result(runs())
    picture = cv2.imdecode(np.frombuffer(ablation_plot(result), np.uint8), cv2.IMREAD_COLOR)
    for blue_green_red in ((180, 119, 31), (14, 127, 255), (44, 160, 44)):  # a network each
        dots = (picture == blue_green_red).all(axis=2).astype(np.uint8)
        count = cv2.connectedComponents(cv2.erode(dots, np.ones((3, 3), np.uint8)))[0] - 1
        assert count >= 5  # four groups and the legend
