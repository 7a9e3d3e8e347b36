"""Normalised mean error."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.metrics.nme import nme_percent, summarise_nme


def square(n: int = 1) -> np.ndarray:
    """n times the corners of a box of 40 x 10, whose sqrt(w h) is 20; depth 7."""
    corners = [(0, 0, 7), (40, 0, 7), (0, 10, 7), (40, 10, 7)]
    return np.tile(np.array(corners, float), (n, 1, 1))


def test_distance_over_the_root_of_the_box() -> None:
    found = square(2)
    found[0, :, 0] += 3
    found[0, :, 1] -= 4
    found[1, 0, 0] += 8
    assert nme_percent(found, square(2)) == pytest.approx([100 * 5 / 20, 100 * 2 / 20])


def test_depth_counts_only_when_asked_for() -> None:
    found = square()
    found[..., 2] += 4
    assert nme_percent(found, square()) == pytest.approx([0])
    assert nme_percent(found, square(), n_dims=3) == pytest.approx([20])
    assert nme_percent(found[..., :2], square()[..., :2]) == pytest.approx([0])


def test_another_box_to_divide_by() -> None:
    found = square() + np.array([1, 0, 0])
    error = nme_percent(found, square(), boxes_xyxy=np.array([[10, 10, 110, 35]]))
    assert error == pytest.approx([100 / 50])


@pytest.mark.parametrize(
    ("found", "truth", "options", "match"),
    [
        (square(2), square(1), {}, "as many points"),
        (square()[0], square()[0], {}, "expected \\(n, k, 2"),
        (square()[..., :2], square()[..., :2], {"n_dims": 3}, "predicted: expected \\(n, k, 3"),
        (square(), square(), {"n_dims": 4}, "n_dims 2 or 3"),
        (square() * np.nan, square(), {}, "predicted: face 0: expected finite"),
        (square(), square() * (0, 1, 1), {}, "face 0: expected a box with an area"),
        (square(), square(), {"boxes_xyxy": np.array([[5, 5, 1, 9]])}, "face 0: expected a box"),
        (square(), square(), {"boxes_xyxy": np.zeros((2, 4))}, "boxes_xyxy \\(1, 4\\)"),
    ],
)
def test_wrong_arrays(found, truth, options, match: str) -> None:
    with pytest.raises(InputError, match=match):
        nme_percent(found, truth, **options)


def test_bins_of_yaw_and_their_mean() -> None:
    yaw = np.array([0, -30, 30.01, -60, 61, 90, -95])
    errors = np.array([1, 3, 4, 6, 8, 9, 10])
    summary = summarise_nme(errors, yaw)
    assert [each.count for each in summary.bins] == [2, 2, 3]
    assert [each.mean_percent for each in summary.bins] == [2, 5, 9]
    assert [(each.low_deg, each.high_deg) for each in summary.bins] == [(0, 30), (30, 60), (60, 90)]
    assert summary.mean_of_bins_percent == pytest.approx(16 / 3)
    assert summary.std_of_bins_percent == pytest.approx(np.std([2, 5, 9]))
    assert summary.mean_percent == pytest.approx(41 / 7)
    assert summary.count == 7


def test_an_empty_bin_leaves_no_mean_of_bins() -> None:
    summary = summarise_nme(np.array([2.0, 4.0]), np.array([3.0, 40.0]))
    assert summary.bins[2].mean_percent is None
    assert summary.mean_of_bins_percent is None
    assert summary.std_of_bins_percent is None
    assert summary.mean_percent == 3


@pytest.mark.parametrize(
    ("errors", "yaw"), [([], []), ([1.0], [1.0, 2.0]), ([np.nan], [0.0]), ([1.0], [np.nan])]
)
def test_summary_of_nothing_or_of_non_numbers(errors: list[float], yaw: list[float]) -> None:
    with pytest.raises(InputError, match="expected"):
        summarise_nme(np.array(errors), np.array(yaw))
