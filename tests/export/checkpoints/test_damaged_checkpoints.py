"""Checkpoints that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from frsdk.errors import SpecError
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, ModelSpec


@pytest.mark.parametrize(
    ("arguments", "state", "match"),
    [
        ({"width": -1}, {}, "weights of another architecture"),
        ({}, {}, "weights of another architecture"),
        ({}, [], "carries no spec"),
        (None, {}, "carries no spec"),
    ],
)
def test_checkpoints_that_do_not_fit(
    tmp_path: Path, tiny_spec: ModelSpec, arguments: Any, state: Any, match: str
) -> None:
    spec: Any = 3
    if arguments is not None:
        architecture = ArchitectureSpec("mobilenet_v1", arguments)
        spec = tiny_spec.replace(architecture=architecture).to_json()
    path = tmp_path / "a.pth"
    torch.save({METADATA_KEY: spec, "state": state}, path)
    with pytest.raises(SpecError, match=match) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
