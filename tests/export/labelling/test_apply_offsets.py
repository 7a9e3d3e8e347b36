"""Offsets from a mesh to the landmarks: they turn with the head, and templates give them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import InputError
from frsdk.export.labelling.apply_offsets import eye_distance, rotations, with_offsets
from frsdk.export.labelling.calibrate_offsets import template_offsets
from frsdk.export.labelling.offset_table import OFFSETS
from frsdk.export.labelling.webmorph_templates import CORNERS, OUTLINES, read_templates
from frsdk.export.train_cli import main
from frsdk.expressions.blendshape_table import builtin_blendshapes
from frsdk.morphable.head_pose import rotation_300w_lp


def test_offsets_turn_with_the_head() -> None:
    """Offsets of a turned, larger face are those of the face before, turned and larger."""
    shape = builtin_blendshapes().neutral
    turn = rotation_300w_lp(25.0, -8.0, 12.0) * 1.7
    plain = with_offsets(shape[None], OFFSETS)[0]
    turned = with_offsets((shape @ turn.T)[None], OFFSETS)[0]
    assert np.allclose(turned, plain @ turn.T, atol=1e-6)
    size = eye_distance(shape[None])[0]
    assert np.allclose((plain - shape) / size, OFFSETS, atol=1e-9)
    assert np.allclose(rotations(shape[None])[0], np.eye(3), atol=1e-6)


def test_committed_offsets_are_even_and_small() -> None:
    """The same on both sides; lids, whose gap is no constant, hardly move across."""
    assert np.allclose(OFFSETS[0], OFFSETS[16] * (-1, 1, 1), atol=2e-4)
    assert np.allclose(OFFSETS[36], OFFSETS[45] * (-1, 1, 1), atol=2e-4)
    assert np.abs(OFFSETS[:, :2]).max() < 0.25
    assert np.abs(OFFSETS[[37, 38, 40, 41], 1]).max() < 0.03


def test_template_offsets_lead_to_outlines_and_corners() -> None:
    """A template around the landmarks: corners are reached, outlines across only."""
    rng = np.random.default_rng(0)
    shape = builtin_blendshapes().neutral[:, :2] * (1.0, -1.0) * 4.0 + 400.0
    template = rng.uniform(0, 800, (189, 2))
    for landmark, point in CORNERS.items():
        template[point] = shape[landmark] + (4.0, -3.0)
    for chosen, line in OUTLINES:
        along = np.linspace(0, 1, len(line))
        ends = shape[chosen[0]] + (0.0, 20.0), shape[chosen[-1]] + (0.0, 20.0)
        for share, point in zip(along, line, strict=True):
            if point not in CORNERS.values():
                template[point] = ends[0] * (1 - share) + ends[1] * share
    away = template_offsets(shape, template)
    eyes = np.linalg.norm(shape[[42, 45]].mean(axis=0) - shape[[36, 39]].mean(axis=0))
    assert np.allclose(away[36] * eyes, (4.0, 3.0), atol=1e-9)  # y up
    brow = away[19] * eyes
    assert abs(brow[1]) > abs(brow[0])
    assert np.isnan(away[30]).all()


def test_damaged_templates_are_named(tmp_path: Path) -> None:
    """No template at all, a template without its numbers, one without its photograph."""
    with pytest.raises(InputError, match=r"no \.tem file"):
        list(read_templates([tmp_path]))
    (tmp_path / "a.tem").write_text("189\n1 2\n")
    with pytest.raises(InputError, match="its photograph"):
        list(read_templates([tmp_path]))
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"not a WebMorph template|expected"):
        list(read_templates([tmp_path]))
    result = CliRunner().invoke(main, ["calibrate-mesh", str(tmp_path)])
    assert result.exit_code == 2
    assert "--templates" in result.output
