"""What right and wrong finds score."""

from __future__ import annotations

import numpy as np

from frsdk import Detection
from frsdk.benchmarks.detection.held_out_scenes import Picture
from frsdk.benchmarks.detection.score_ranges import scores_of, upside_down

BOXES = np.array([[0.0, 0.0, 20.0, 20.0], [40.0, 0.0, 100.0, 60.0]])


def detect(image: np.ndarray) -> list[Detection]:
    """One face twice over, and something else."""
    return [Detection((40, 0, 100, 60), 0.9), Detection((0, 80, 20, 110), 0.6)]


def test_scores_are_told_apart_and_nothing_upside_down_is_right() -> None:
    image = np.arange(120 * 120 * 3, dtype=np.uint32).reshape(120, 120, 3).astype(np.uint8)
    nothing, unknown = np.zeros((0, 4)), np.full((2, 68, 2), np.nan)
    pictures = [Picture("p", image, BOXES, nothing, np.zeros(2), unknown)] * 2
    right, wrong, count = scores_of(detect, pictures)
    assert right.tolist() == [0.0, 0.9, 0.0, 0.9] and wrong.tolist() == [0.6, 0.6] and count == 2
    turned = list(upside_down(pictures))
    np.testing.assert_array_equal(turned[0].image[0, 0], image[-1, -1])
    right, wrong, _ = scores_of(detect, turned)
    assert len(right) == 0 and wrong.tolist() == [0.9, 0.6, 0.9, 0.6]
