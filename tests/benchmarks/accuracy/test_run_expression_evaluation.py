"""Expressions on crops in shards: what is read, and what the built-in network makes of val."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.compared_networks import NetworkChoice
from frsdk.benchmarks.accuracy.read_predictions import PredictionFile
from frsdk.benchmarks.accuracy.run_expression_evaluation import (
    evaluate_expression,
    expression_markdown,
    read_expression_faces,
)
from frsdk.errors import InputError
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.labelled_face import LabelledFace
from frsdk.metrics.expression_measures import MEASURES


def write(folder: Path, points: np.ndarray, eyes: list[str], *, annotated: bool) -> None:
    crop = np.zeros((160, 160, 3), np.uint8)
    people = points[:, :2] if annotated else np.full((68, 2), np.nan)
    faces = [
        LabelledFace(f"k{row}", crop, points, 4.0, "cew", annotation=people, eyes=each)
        for row, each in enumerate(eyes)
    ]
    write_shards(faces, folder, "val")


def test_the_source_says_what_eyes_do_and_points_where_it_is_silent(make_points, tmp_path):
    points = make_points(0.0, centre=79.5, size=0.7)
    write(tmp_path, points, ["closed", "open", "", "unknown"], annotated=True)
    found = read_expression_faces(tmp_path)
    assert found.closed.tolist() == [True, False, False, False]
    assert found.opened.tolist() == [False, True, True, True]  # these points are of open eyes
    assert found.yaw_deg == pytest.approx(np.full(4, 4.0))
    write(tmp_path, points, ["closed", "open", "", "unknown"], annotated=False)
    found = read_expression_faces(tmp_path)
    assert found.opened.tolist() == [False, True, False, False]


def test_labels_that_say_nothing_are_refused(make_points, tmp_path):
    write(tmp_path, make_points(0.0, centre=79.5, size=0.7), ["", ""], annotated=False)
    with pytest.raises(InputError, match="nothing says what the faces do"):
        read_expression_faces(tmp_path)


def test_the_builtin_network_follows_eyes_and_lips(shared_data):
    """The teacher's labels call all eyes open; a mesh, and the network taught by it, do not."""
    faces = shared_data / "faces"
    files = [
        PredictionFile("labels", faces / "val.npz"),
        PredictionFile("mesh", faces / "val_mediapipe68.npz"),
    ]
    scores = evaluate_expression(
        read_expression_faces(faces), [NetworkChoice("network", None)], files
    )
    slopes = {
        score.system: dict(
            zip(MEASURES, (each.slope for each in score.groups[0].measures), strict=True)
        )
        for score in scores
    }
    assert all(score.groups[0].count == 134 for score in scores)
    assert slopes["labels"]["eye opening"] == pytest.approx(0.15, abs=0.01)
    assert slopes["mesh"]["eye opening"] == pytest.approx(0.79, abs=0.01)
    assert slopes["network"]["eye opening"] > 0.65
    assert slopes["network"]["mouth opening"] > 0.55
    assert "| helen | network | 34 | 0 |" in expression_markdown("val", scores)
