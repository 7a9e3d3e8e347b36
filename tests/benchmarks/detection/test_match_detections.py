"""Matching detections with faces, and average precision."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk import Detection
from frsdk.benchmarks.detection.match_detections import Match, average_precision, match
from frsdk.detectors.non_maximum_suppression import iou_matrix

FACES = np.array([[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 30.0, 10.0]])
NONE = np.zeros((0, 4))


def test_iou() -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0]])
    assert iou_matrix(boxes, FACES).tolist() == [[1.0, 0.0], [pytest.approx(1 / 3), 0.0]]
    assert iou_matrix(NONE, FACES).shape == (0, 2)


def test_each_face_is_found_once_by_the_best() -> None:
    detections = [
        Detection((0, 0, 10, 9), 0.6),
        Detection((0, 0, 10, 10), 0.9),
        Detection((21, 0, 31, 10), 0.3),
        Detection((50, 50, 60, 60), 0.2),
    ]
    result = match(detections, FACES, NONE)
    assert result.scores.tolist() == [0.9, 0.6, 0.3, 0.2]
    assert result.face.tolist() == [0, -1, 1, -1]
    assert result.found_at(0.5).tolist() == [True, False]
    assert result.found_at(0.1).tolist() == [True, True]


def test_what_is_ignored_counts_neither_way() -> None:
    ignored = np.array([[40.0, 40.0, 70.0, 70.0]])
    detections = [Detection((50, 50, 60, 60), 0.8), Detection((80, 80, 90, 90), 0.7)]
    assert match(detections, FACES, ignored).face.tolist() == [-1]
    # A face inside an ignored area is still found.
    inside = match([Detection((0, 0, 10, 10), 0.5)], FACES, np.array([[-5.0, -5.0, 15.0, 15.0]]))
    assert inside.face.tolist() == [0]


def test_average_precision_of_a_known_order() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    ranked = Match(scores, np.array([0, -1, 1, -1]), n_faces=4)
    # Precision 1 up to recall 1/4, 2/3 up to 2/4, then nothing.
    assert average_precision([ranked]) == pytest.approx(0.25 + 0.25 * 2 / 3)
    assert average_precision([Match(scores[:1], np.array([0]), 1)]) == 1.0
    assert np.isnan(average_precision([Match(scores[:1], np.array([-1]), 0)]))


def test_average_precision_ranks_over_all_pictures() -> None:
    good = Match(np.array([0.9]), np.array([0]), 1)
    wrong = Match(np.array([0.95]), np.array([-1]), 0)
    assert average_precision([good, wrong]) == pytest.approx(0.5)
