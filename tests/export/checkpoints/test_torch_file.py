"""Files of PyTorch that are none, and checkpoints that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from frsdk.errors import SpecError
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
from frsdk.export.checkpoints.torch_file import TorchFileError, read_torch_file
from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, ModelSpec


class _Evil:
    def __reduce__(self) -> Any:
        return (print, ("run",))


def test_damage_is_one_line_without_advice_to_switch_checks_off(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(100)}, path)
    whole = path.read_bytes()
    for content in (b"", b"\x80", b"PK\x03\x04", whole[:200], whole[:-100], b"x" * 50):
        path.write_bytes(content)
        with pytest.raises(TorchFileError) as caught:
            read_torch_file(path)
        assert str(caught.value) and "\n" not in str(caught.value)
        assert "weights_only" not in str(caught.value)
    torch.save(_Evil(), path)
    with pytest.raises(TorchFileError, match="more than weights"):
        read_torch_file(path)
    with pytest.raises(TorchFileError, match="No such file"):
        read_torch_file(tmp_path / "none.pth")


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
