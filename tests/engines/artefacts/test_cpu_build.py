"""`frsdk-build --target cpu` from the shipped network to a running engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from frsdk.reconstructor import FaceReconstructor

BUILTIN = Path(__file__).resolve().parents[3] / "frsdk" / "assets" / "network.onnx"
FP32_BYTES = 4 * 2.58e6  # of the parameters; the shipped network stores them in half

Build = Callable[..., Result]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def landmarks(engine: Path | None, photo: np.ndarray) -> np.ndarray:
    with FaceReconstructor(engine=engine) as reconstruct:
        faces = reconstruct(photo, rois=[[150, 10, 300, 160], [155, 15, 310, 170]])
    return np.stack([face.landmarks for face in faces])


@pytest.mark.parametrize(
    ("precision", "share", "arithmetic"),
    [("fp32", 1.2, "FP32"), ("fp16", 0.6, "FP32, from FP16 weights widened at load")],
)
def test_a_build_runs_and_agrees(
    frsdk_build: Build,
    photo: np.ndarray,
    tmp_path: Path,
    precision: str,
    share: float,
    arithmetic: str,
) -> None:
    path = tmp_path / "network.onnx"
    done = frsdk_build(BUILTIN, "--target", "cpu", "--precision", precision, "-o", path)
    assert done.exit_code == 0, done.output
    assert path.stat().st_size < share * FP32_BYTES
    facts = json.loads(frsdk_build("--inspect", path, "--json").stdout)
    assert (facts["kind"], facts["spec"]["precision"]) == ("onnx", precision)
    distance = np.abs(landmarks(path, photo) - landmarks(None, photo))
    assert distance.max() < 0.2  # pixels, of a face of about 100
    with FaceReconstructor(engine=path) as reconstruct:
        assert reconstruct.backend.arithmetic == arithmetic


def test_int8_runs_agrees_and_is_not_converted_again(
    frsdk_build: Build, calibrated: Path, photo_crops: Path, photo: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "int8.onnx"
    done = frsdk_build(calibrated, "--target", "cpu", "--precision", "int8", "-o", path)
    assert done.exit_code == 0, done.output
    assert path.stat().st_size < 0.4 * FP32_BYTES
    facts = json.loads(frsdk_build("--inspect", path, "--json").stdout)
    assert facts["spec"]["precision"] == "int8"
    assert len(facts["spec"]["calibration_digest"]) == 64
    distance = np.abs(landmarks(path, photo) - landmarks(None, photo))[..., :2]
    assert distance.mean() < 2.0  # pixels, of a face of about 100
    again = tmp_path / "again.onnx"
    for arguments, match in (
        (["--precision", "fp16"], "its precision is int8 already, fp16 was asked for"),
        (["--calibration", photo_crops], "calibrated already: leave --calibration out"),
    ):
        done = frsdk_build(path, "--target", "cpu", *arguments, "-o", again)
        assert done.exit_code == 1
        assert match in done.stderr
        assert done.stderr.count("\n") == 1
        assert not again.exists()


def test_bad_calibration_is_one_line(frsdk_build: Build, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "noise.npz").write_bytes(b"noise")
    for name in ("absent", "empty", "noise.npz"):
        done = frsdk_build(
            BUILTIN, "--target", "cpu", "--precision", "int8", "-o", tmp_path / "a.onnx",
            "--calibration", tmp_path / name,
        )  # fmt: skip
        assert done.exit_code == 1
        assert str(tmp_path / name) in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "a.onnx").exists()
