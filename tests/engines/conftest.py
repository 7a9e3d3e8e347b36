"""Networks that are broken in one way each, and a stand-in for the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

BUILTIN = Path(__file__).resolve().parents[2] / "frsdk" / "assets" / "network.onnx"

Change = Callable[[Any], None]


@pytest.fixture(scope="session")
def rtx() -> Any:
    """TensorRT for RTX, which parses and builds without a GPU."""
    return pytest.importorskip("tensorrt_rtx", reason="needs TensorRT for RTX (frsdk[rtx])")


@pytest.fixture
def frsdk_build() -> Callable[..., Result]:
    """Run `frsdk-build` with these arguments."""
    from frsdk.engines.cli import main

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(
            main, [str(each) for each in arguments], prog_name="frsdk-build", terminal_width=100
        )

    return run


@pytest.fixture
def changed_onnx(tmp_path: Path, tiny_onnx: Path) -> Callable[[Change], Path]:
    """A copy of the tiny network after a change of its protobuf."""
    onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[export])")

    def save(change: Change) -> Path:
        model = onnx.load(tiny_onnx)
        change(model)
        path = tmp_path / "changed.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save
