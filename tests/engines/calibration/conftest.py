"""A small network with crops to calibrate it on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from frsdk.specs.model_spec import ModelSpec

from ..small_network import small_network, smooth_crops


@pytest.fixture(scope="module")
def crops() -> NDArray[np.uint8]:
    return smooth_crops()


@pytest.fixture(scope="module")
def network(tiny_spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.onnx"
    path.write_bytes(small_network(tiny_spec))
    return path


@pytest.fixture(scope="module")
def calibrated(network: Path, crops: NDArray[np.uint8]) -> Path:
    pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")
    from frsdk.engines.calibration.calibrate_network import calibrate_file

    path = network.with_name("calibrated.onnx")
    calibrate_file(network, crops, path)
    return path
