"""Figures as JSON and as Markdown tables."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

import frsdk
from frsdk.metrics.nme import YAW_BINS_DEG

from .group_figures import GroupRow, group_table, worst_group_line
from .markdown_table import table
from .network_score import NetworkScore, TruthScore
from .published_figures import published_rows, published_table

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        faces: Name of the set.
        boxes: ``truth`` or ``detector``.
        pictures: Number of pictures.
        scores: One for each network, in the order given.
        notes: What a reader of the figures must know.
        groups: The networks' figures by groups of people, where these are known.
    """

    faces: str
    boxes: str
    pictures: int
    scores: Sequence[NetworkScore]
    notes: tuple[str, ...]
    groups: Sequence[GroupRow] = ()


def json_text(report: Report) -> str:
    """The report for machines; errors of single faces are left out."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "faces": report.faces,
        "boxes": report.boxes,
        "pictures": report.pictures,
        "notes": list(report.notes),
        "environment": {
            "frsdk": frsdk.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
        },
        "networks": [_network(score) for score in report.scores],
        "groups": [asdict(row) for row in report.groups],
        "published": [asdict(row) for row in published_rows(report.faces)],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def markdown_text(report: Report) -> str:
    """The report for people."""
    lines = [
        f"# {report.faces}: {report.pictures} pictures, boxes from the {report.boxes}",
        "",
        "NME in percent of sqrt(w h) of the true box, x and y. `mean` and `std` are over the three "
        "bins of absolute yaw, as the literature prints them; `all` is the plain mean over faces.",
    ]
    if report.groups:
        lines[1:1] = ["", worst_group_line(report.groups)]
    for index, truth in enumerate(report.scores[0].truths):
        lines += ["", f"## {truth.truth}", ""]
        lines += _truth_table([(score.network, score.truths[index]) for score in report.scores])
    if report.groups:
        lines += ["", "## Groups", "", *group_table(report.groups)]
    published = published_rows(report.faces)
    if published:
        note = (
            "Published figures, not measured here: other training sets, crops and boxes. "
            "Their `std` divides by 2 (Zhu et al.) or by 3, as ours."
        )
        lines += ["", "## Published", "", note, "", *published_table(published)]
    if any(score.pose for score in report.scores):
        lines += ["", "## Head pose, mean absolute error in degrees", "", *_pose_table(report)]
    if any(score.reconstruction for score in report.scores):
        lines += ["", "## Reconstruction after similarity alignment", ""]
        lines += _reconstruction_table(report)
    lines += ["", "## Networks", ""]
    lines += [
        f"- {score.network}: {score.description}, face model {score.face_model}"
        for score in report.scores
    ]
    lines += ["", *(f"Note: {note}" for note in report.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _truth_table(scores: Sequence[tuple[str, TruthScore]]) -> list[str]:
    bins = [f"{low:.0f}-{high:.0f}°" for low, high in YAW_BINS_DEG]
    threshold = scores[0][1].distribution.threshold_percent
    head = ["network", "faces", *bins, "mean", "std", "all", f"AUC@{threshold:g}",
            f"> {threshold:g} %", "missed", "offset x, y"]  # fmt: skip
    return table(head, [_truth_cells(name, score) for name, score in scores])


def _truth_cells(name: str, score: TruthScore) -> list[str]:
    summary = score.summary
    if summary is None:
        figures = ["-"] * (len(YAW_BINS_DEG) + 3)
    else:
        figures = [
            "-" if each.mean_percent is None else f"{each.mean_percent:.2f} ({each.count})"
            for each in summary.bins
        ]
        means = (
            summary.mean_of_bins_percent,
            summary.std_of_bins_percent,
            summary.mean_percent,
        )
        figures += ["-" if value is None else f"{value:.2f}" for value in means]
    offset = score.offset_percent
    return [
        name,
        str(score.faces),
        *figures,
        f"{score.distribution.auc:.3f}",
        f"{100 * score.distribution.failure_rate:.1f} %",
        str(score.missed),
        "-" if offset is None else f"{offset[0]:+.2f}, {offset[1]:+.2f}",
    ]


def _pose_table(report: Report) -> list[str]:
    rows = []
    for score in report.scores:
        if score.pose is not None:
            angles = (
                score.pose.yaw_deg,
                score.pose.pitch_deg,
                score.pose.roll_deg,
                score.pose.mean_deg,
            )
            counts = (str(score.pose.count), str(score.pose.left_out))
            rows.append([score.network, *(f"{angle:.2f}" for angle in angles), *counts])
    return table(["network", "yaw", "pitch", "roll", "mean", "faces", "left out"], rows)


def _reconstruction_table(report: Report) -> list[str]:
    rows = [
        [
            score.network,
            f"{score.reconstruction.mean_percent:.2f}",
            score.reconstruction.compared,
            str(score.reconstruction.count),
        ]
        for score in report.scores
        if score.reconstruction is not None
    ]
    return table(["network", "% of the outer eye distance", "points", "faces"], rows)


def _network(score: NetworkScore) -> dict[str, object]:
    return {
        "name": score.network,
        "engine": score.description,
        "face_model": score.face_model,
        "truths": [_truth(each) for each in score.truths],
        "pose_mae": None if score.pose is None else asdict(score.pose),
        "reconstruction": None if score.reconstruction is None else asdict(score.reconstruction),
    }


def _truth(score: TruthScore) -> dict[str, object]:
    return {
        "labels": score.truth,
        "faces": score.faces,
        "missed": score.missed,
        "nme": None if score.summary is None else asdict(score.summary),
        "distribution": asdict(score.distribution),
        "median_offset_percent": score.offset_percent,
    }
