"""Each network in the wheel has an INT8 form without anybody's data."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import FaceReconstructor
from frsdk.commands.cli import main
from frsdk.installation.builtin_weights import BUILTIN_WEIGHTS
from frsdk.metrics.nme import nme_percent

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.mark.parametrize("weights", BUILTIN_WEIGHTS)
def test_int8_by_api_and_command(
    weights: str, photo: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The landmarks of FP32 within a hundredth of the face, from the API and the command alike."""
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    found = []
    for engine in (None, "int8"):
        with FaceReconstructor(weights=weights, engine=engine, device="cpu") as reconstruct:
            (face,) = reconstruct(photo)
            found.append(face.landmarks[None])
            precision, digest = (
                reconstruct.backend.spec.precision,
                reconstruct.backend.spec.calibration_digest,
            )
    assert precision == "int8" and len(digest or "") == 64
    assert 0 < nme_percent(found[1], found[0]).mean() < 1.0

    cv2.imwrite(str(tmp_path / "a.png"), photo)
    done = CliRunner().invoke(
        main,
        ["reconstruct", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--weights", weights,
         "--engine", "int8", "--device", "cpu"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "out" / "faces.json").read_text(encoding="utf-8"))
    (told,) = content["images"][0]["faces"]
    np.testing.assert_allclose(told["landmarks_px"], found[1][0], atol=0.01)
