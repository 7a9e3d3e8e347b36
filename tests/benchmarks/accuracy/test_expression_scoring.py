"""Correlation, slope, offset and AUC of what faces do."""

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.expression_scoring import (
    auc,
    eyes_of_points,
    score_eyes,
    score_measures,
)
from frsdk.metrics.expression_measures import MEASURES, eye_openings
from frsdk.morphable.morphable_model import builtin_face_model

LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))


def with_openings(openings):
    """(n, 68, 2) mean faces whose eyes are open by so much (eye aspect ratio)."""
    model = builtin_face_model()
    mean = model.mean[model.landmark_indices].astype(np.float64)[:, :2] * (1.0, -1.0)
    points = np.repeat(mean[None], len(openings), axis=0)
    share = np.asarray(openings) / eye_openings(points).mean(axis=1)
    for above, below in LIDS:
        middle = (points[:, above] + points[:, below]) / 2.0
        for lid in (above, below):
            points[:, lid] = middle + (points[:, lid] - middle) * share[:, None]
    return points


def test_a_system_that_follows_half_has_slope_one_half():
    wanted = np.linspace(0.05, 0.45, 21)
    people, found = with_openings(wanted), with_openings(0.15 + 0.5 * wanted)
    score = score_measures("all", people, found)
    eye = score.measures[MEASURES.index("eye opening")]
    assert (score.count, score.missed) == (21, 0)
    assert eye.slope == pytest.approx(0.5, abs=1e-6)
    assert eye.correlation == pytest.approx(1.0)
    assert eye.offset == pytest.approx(0.15 - 0.5 * 0.25, abs=1e-6)
    width = score.measures[MEASURES.index("mouth width")]
    assert width.correlation is None and width.slope is None  # no face differs from another
    assert width.offset == pytest.approx(0.0)


def test_missed_faces_do_not_count_and_few_say_nothing():
    people = with_openings(np.linspace(0.1, 0.4, 12))
    found = people.copy()
    found[:2] = np.nan
    found[2, :17] = np.nan  # the jaw is not measured
    score = score_measures("all", people, found)
    assert (score.count, score.missed) == (10, 2)
    assert score.measures[0].slope == pytest.approx(1.0)
    few = score_measures("few", people[3:9], found[3:9])
    assert few.measures[0].slope is None and few.measures[0].offset == pytest.approx(0.0)


def test_auc_is_the_share_of_right_pairs():
    assert auc(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 1.0
    assert auc(np.array([1.0, 3.0]), np.array([2.0, 4.0])) == 0.75
    assert auc(np.array([1.0, 2.0]), np.array([2.0])) == 0.75


def test_closed_eyes_are_told_from_open_ones():
    openings = np.concatenate([np.full(10, 0.05), np.full(12, 0.3), [0.16]])
    people = with_openings(openings)
    closed, opened = eyes_of_points(people)
    assert closed.tolist() == [True] * 10 + [False] * 13
    assert opened.tolist() == [False] * 10 + [True] * 12 + [False]
    blind = with_openings(np.full(23, 0.28))
    found = score_eyes("all", closed, opened, people)
    assert (found.closed, found.open, found.auc) == (10, 12, 1.0)
    assert found.closed_median == pytest.approx(0.05) and found.open_median == pytest.approx(0.3)
    assert score_eyes("all", closed, opened, blind).auc == pytest.approx(0.5, abs=0.2)
    lost = people.copy()
    lost[0] = np.nan
    few = score_eyes("all", closed, opened, lost)
    assert (few.closed, few.missed, few.auc) == (9, 1, None)


def test_faces_without_points_are_neither_closed_nor_open():
    people = with_openings([0.05, 0.3])
    people[0] = np.nan
    closed, opened = eyes_of_points(people)
    assert closed.tolist() == [False, False] and opened.tolist() == [False, True]
