"""Portraits without a find, by groups."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk import Detection
from frsdk.benchmarks.detection.missed_pictures import missed_pictures, missed_table


def sees_light(image: np.ndarray) -> list[Detection]:
    return [Detection((0, 0, 8, 8), 0.9)] if image.mean() > 100 else []


def sees_all(image: np.ndarray) -> list[Detection]:
    return [Detection((0, 0, 8, 8), 0.9)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """40 portraits, a quarter of them dark, all of these in group b."""
    lines = ["file,tone"]
    for k in range(40):
        dark = k % 4 == 0
        cv2.imwrite(
            str(tmp_path / f"{k:02d}.png"), np.full((8, 8, 3), 20 if dark else 200, np.uint8)
        )
        lines.append(f"val/{k:02d}.png,{'b' if k % 2 == 0 else 'a'}")
    (tmp_path / "groups.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_misses_are_counted_by_group(folder: Path) -> None:
    done: list[int] = []
    rows = missed_pictures(
        folder, [sees_light, sees_all], folder / "groups.csv", lambda: done.append(1)
    )
    counts = {(row.column, row.group): (row.pictures, row.missed) for row in rows}
    assert counts == {
        ("", "all"): (40, (10, 0)),
        ("tone", "a"): (20, (0, 0)),
        ("tone", "b"): (20, (10, 0)),
    }
    assert len(done) == 40
    assert missed_table(["light", "all"], rows)[-1] == "| tone | b | 20 | 50.00 | 0.00 |"
