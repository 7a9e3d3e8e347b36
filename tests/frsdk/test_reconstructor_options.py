"""Options and arguments of a reconstructor that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import BackendError, FaceModelError, InputError
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor


def test_bad_options(tiny_onnx: Path, tiny_model: MorphableModel, tmp_path: Path) -> None:
    def build(**options: object) -> FaceReconstructor:
        return FaceReconstructor(**{"engine": tiny_onnx, "face_model": tiny_model, **options})

    for name, bad in (
        ("max_faces", (0, 1.5, float("nan"), "3")),
        ("min_score", (1.5, float("nan"), "x")),
        ("min_face_px", (0, float("inf"), "a")),
        ("threads", (0, 1.5)),
        ("orientations", (90, (45,), ())),
    ):
        for value in bad:
            with pytest.raises(InputError, match=name):
                build(**{name: value})
    with pytest.raises(InputError, match="expected detector"):
        build(detector="nothing")
    with pytest.raises(BackendError, match="no such file"):
        build(engine=tmp_path / "absent.onnx")
    with pytest.raises(BackendError, match="frsdk-export"):
        build(engine=tmp_path / "model.pth")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"not a face model")
    with pytest.raises(FaceModelError):
        build(face_model=broken)


def test_what_is_no_list_is_no_list(tiny_onnx: Path, tiny_model: MorphableModel) -> None:
    reconstruct = FaceReconstructor(engine=tiny_onnx, face_model=tiny_model)
    image = np.zeros((240, 320, 3), np.uint8)
    for kind in ("boxes", "rois"):
        with pytest.raises(InputError, match=f"{kind} as a list"):
            reconstruct(image, **{kind: 5})
