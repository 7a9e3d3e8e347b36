"""Crops with other surroundings: the face stays, what is around it changes."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.augmentation.frame_crop import framed
from frsdk.export.training.training_defaults import TrainConfig


def test_the_middle_stays_and_the_sides_change() -> None:
    """Inside 45 pixels of the border nothing moves; over some draws every side is cut."""
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (160, 160, 3), dtype=np.uint8)
    other = np.full_like(crop, 7)
    changed = np.zeros((160, 160), bool)
    for _ in range(20):
        out = framed(crop, other, rng)
        assert out.shape == crop.shape and out.dtype == np.uint8
        assert np.array_equal(out[45:115, 45:115], crop[45:115, 45:115])
        changed |= (out != crop).any(axis=2)
    assert changed[:5].mean() > 0.9 and changed[-5:].mean() > 0.9
    assert changed[:, :5].mean() > 0.9 and changed[:, -5:].mean() > 0.9


def test_the_share_is_checked() -> None:
    """A share of crops lies within 0 to 1."""
    with pytest.raises(InputError, match="framing: expected 0 to 1"):
        TrainConfig(framing=1.5)
