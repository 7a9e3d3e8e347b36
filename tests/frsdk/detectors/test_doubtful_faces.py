"""Doubtful faces are looked at once more; sure ones are not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from frsdk.detectors.detector_outputs import Found
from frsdk.detectors.doubtful_faces import looked_again
from frsdk.specs.detector_spec import SECOND_LOOK

Image = NDArray[np.uint8]


def faces(*boxes_and_scores: tuple[tuple[float, ...], float]) -> Found:
    boxes = np.array([box for box, _ in boxes_and_scores]).reshape(-1, 4)
    scores = np.array([score for _, score in boxes_and_scores])
    return Found(boxes, scores, np.zeros((len(boxes), 5, 2)))


def test_only_doubtful_faces_cost_a_look() -> None:
    def never(views: list[Image], least: float) -> list[Found]:
        raise AssertionError("nothing was in doubt")

    image = np.zeros((100, 100, 3), np.uint8)
    low, high = SECOND_LOOK
    found = faces(((0, 0, 20, 30), high), ((50, 50, 70, 80), low - 0.01))
    assert looked_again(image, found, 320, never) is found


def test_the_face_is_seen_in_the_middle_at_its_size() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:120, 140:170] = 255  # a box of 30 x 40
    views: list[Image] = []

    def look(squares: list[Image], least: float) -> list[Found]:
        views.extend(squares)
        return [faces()]

    looked_again(image, faces(((140.0, 80.0, 170.0, 120.0), 0.6)), 320, look)
    (view,) = views
    rows, columns = np.nonzero(view[..., 0] > 127)
    assert view.shape == (320, 320, 3)
    assert (rows.min(), rows.max() + 1) == pytest.approx((128, 192), abs=1)
    assert (columns.min(), columns.max() + 1) == pytest.approx((136, 184), abs=1)


@pytest.mark.parametrize(
    ("again", "score"),
    [
        (faces(((136, 128, 184, 192), 0.9)), 0.75),  # the same face, surely
        (faces(((136, 128, 184, 192), 0.2), ((138, 130, 184, 190), 0.7)), 0.65),  # the best of two
        (faces(((10, 10, 60, 70), 0.99)), 0.3),  # another face beside it
        (faces(), 0.3),  # nothing there
    ],
)
def test_its_score_is_the_mean_of_both_looks(again: Found, score: float) -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    sure = ((0.0, 0.0, 50.0, 60.0), 0.9)
    found = faces(sure, ((140.0, 80.0, 170.0, 120.0), 0.6))
    result = looked_again(image, found, 320, lambda views, least: [again])
    np.testing.assert_allclose(result.scores, [0.9, score])
    np.testing.assert_array_equal(result.boxes, found.boxes)
    assert found.scores[1] == 0.6  # the caller's faces are as they were
