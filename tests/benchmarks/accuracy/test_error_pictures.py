"""The curve and the contact sheet."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.error_distribution_plot import Line, ced_plot
from frsdk.benchmarks.accuracy.worst_faces_sheet import Case, contact_sheet
from frsdk.benchmarks.protocols.face_set import Picture
from frsdk.imaging.roi import Roi


def near(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(n, 2) rows and columns of pixels of about a colour."""
    return np.argwhere(np.abs(image.astype(int) - colour).max(axis=2) < 40)


def test_curves_lie_where_their_errors_are() -> None:
    blue, orange = (178, 114, 0), (0, 94, 213)
    errors = np.full(50, 5.0)
    plot = ced_plot("title", [Line("a", errors), Line("b", np.zeros(50))], 10.0)
    axis = slice(60, 551)  # rows of the plot itself
    step = near(plot[axis], blue)
    vertical = step[(step[:, 0] > 50) & (step[:, 0] < 440)]
    assert np.median(vertical[:, 1]) == pytest.approx((90 + 870) / 2, abs=3)  # half of the axis
    top = near(plot[axis], orange)
    assert top[:, 0].max() < 4  # all faces from the first error on
    assert len(near(plot[551:], blue)) > 20 and len(near(plot[551:], orange)) > 20  # the legend


def test_missed_faces_keep_a_curve_down() -> None:
    plot = ced_plot("title", [Line("a", np.array([0.0, np.nan]))], 10.0)
    rows = near(plot[60:551], (178, 114, 0))[:, 0]
    assert rows.min() == pytest.approx(245, abs=3)


def test_points_are_drawn_where_they_are() -> None:
    image = np.full((200, 200, 3), 128, np.uint8)
    # Label pixels are twice the image's.
    picture = Picture("some/where/a.png", lambda: image, Roi(40, 40, 120), np.diag([2.0, 2, 1])[:2])
    truth = np.array([[200.0, 200.0], [np.nan, np.nan]])
    found = np.array([[150.0, 200.0], [160.0, 250.0]])
    cases = [
        Case(picture, 12.0, 30.0, truth, found),
        Case(picture, np.nan, 0.0, truth, found * np.nan),
    ]
    sheet = contact_sheet("title", cases)
    cell = sheet[44 : 44 + 220, 6 : 6 + 220]
    scale = 220 / (120 * 1.3)

    def at(x: float, y: float) -> list[float]:
        return [(y - 22 + 0.5) * scale - 0.5, (x - 22 + 0.5) * scale - 0.5]

    assert near(cell, (60, 200, 60)).mean(axis=0) == pytest.approx(at(100, 100), abs=0.7)
    red = near(cell, (50, 60, 235))
    left = red[red[:, 1] < at(77.5, 0)[1]]
    assert left.mean(axis=0) == pytest.approx(at(75, 100), abs=0.7)
    assert len(red) > len(left)  # the second point has no truth, but is drawn
    second = sheet[44 : 44 + 220, 6 + 226 : 6 + 226 + 220]
    assert len(near(second, (50, 60, 235))) == 0 and len(near(second, (60, 200, 60))) > 0


def test_rows_of_six() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    picture = Picture("a", lambda: image, Roi(40, 40, 120), np.eye(3)[:2])
    points = np.full((68, 2), 100.0)
    heights = [
        contact_sheet("t", [Case(picture, 1.0, 0.0, points, points)] * n).shape[0]
        for n in (1, 6, 7)
    ]
    assert heights[0] == heights[1] < heights[2]
