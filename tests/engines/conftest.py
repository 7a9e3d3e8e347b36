"""Networks to build from, whole and broken in one way each, and the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

ROOT = Path(__file__).resolve().parents[2]
BUILTIN = ROOT / "frsdk" / "assets" / "network.onnx"
WEIGHTS = ROOT / "weights" / "mobile_frnet.pth"

Change = Callable[[Any], None]


@pytest.fixture(scope="session")
def rtx() -> Any:
    """TensorRT for RTX, which parses and builds without a GPU."""
    return pytest.importorskip("tensorrt_rtx", reason="needs TensorRT for RTX (frsdk[rtx])")


@pytest.fixture(scope="session")
def decoding_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network with its decoder in the graph."""
    pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")
    from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
    from frsdk.export.checkpoints.onnx_export import export_onnx
    from frsdk.morphable.morphable_model import builtin_face_model

    network, spec = load_checkpoint(WEIGHTS)
    path = tmp_path_factory.mktemp("decoding") / "points.onnx"
    return export_onnx(network, spec, path, decoder=builtin_face_model()).path


@pytest.fixture(scope="session")
def photo_crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 crops around the face of scikit-image's photograph, as a calibration file."""
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    image_bgr = data.astronaut()[..., ::-1]
    chance = np.random.default_rng(0)
    crops = []
    for x, y, side in zip(
        chance.integers(140, 180, 100),
        chance.integers(20, 60, 100),
        chance.integers(130, 170, 100),
        strict=True,
    ):
        crops.append(cv2.resize(image_bgr[y : y + side, x : x + side], (120, 120)))
    path = tmp_path_factory.mktemp("crops") / "crops.npz"
    np.savez(path, crops=np.stack(crops))
    return path


@pytest.fixture(scope="session")
def calibrated(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Path:
    """The shipped network with a calibration table: its own, or one made from a photograph."""
    from frsdk.engines.calibration.calibrate_network import calibrate_file
    from frsdk.engines.calibration.calibration_table import table_of

    if table_of(BUILTIN.read_bytes(), source=str(BUILTIN)) is not None:
        return BUILTIN
    path: Path = tmp_path_factory.mktemp("calibrated") / "network.onnx"
    calibrate_file(BUILTIN, request.getfixturevalue("photo_crops"), path)
    return path


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
