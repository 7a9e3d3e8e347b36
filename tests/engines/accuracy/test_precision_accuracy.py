"""The shipped network's forms on held-out faces: what each precision costs in NME."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import frsdk
from frsdk.engines.accuracy.fp16_reference import half_reference
from frsdk.engines.artefacts.convert_precision import convert_precision
from frsdk.engines.calibration.activation_ranges import activation_ranges
from frsdk.engines.calibration.calibrate_network import calibrate_file
from frsdk.engines.calibration.calibration_images import read_calibration
from frsdk.engines.calibration.calibration_table import table_of
from frsdk.engines.graphs.network_file import read_network
from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.export.augmentation.augment_crop import plain_crops
from frsdk.export.datasets.face_labels import MARGIN, read_labels
from frsdk.export.training.validation_nme import predict
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model

BUILTIN = Path(frsdk.__file__).parent / "assets" / "network.onnx"
EVERY = 6  # of the held-out faces, so that this stays short
FORMS = {  # percentage points of NME that each form may lose
    ("fp32", "cpu"): 0.001,
    ("fp32", "tensorrt"): 0.001,
    ("fp16", "cpu"): 0.01,
    ("fp16", "tensorrt"): 0.01,
    ("int8", "cpu"): 0.05,
    ("int8", "tensorrt"): 0.05,
}


@pytest.fixture(scope="module")
def faces(shared_data: Path) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Crops and (n, 68, 2) landmarks in 160-crop pixels."""
    from frsdk.export.datasets.stored_crops import load_crops

    folder = shared_data / "faces"
    labels = read_labels(folder / "val.npz")
    crops = plain_crops(load_crops(folder, "val", labels))[::EVERY]
    return np.ascontiguousarray(crops), labels.landmarks[::EVERY, :, :2]


@pytest.fixture(scope="module")
def network(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network with its own calibration table, or one of training crops."""
    if table_of(BUILTIN.read_bytes(), source="built-in") is not None:
        return BUILTIN
    path = tmp_path_factory.mktemp("table") / "network.onnx"
    crops = read_calibration(shared_data / "faces" / "train-00.tar", 120)
    calibrate_file(BUILTIN, crops[::4], path)
    return path


@pytest.fixture(scope="module")
def fp32_nme(faces: tuple[NDArray[np.uint8], NDArray[np.float64]]) -> float:
    return nme(BUILTIN, faces)


def nme(path: Path, faces: tuple[NDArray[np.uint8], NDArray[np.float64]]) -> float:
    crops, truth = faces
    found = predict(path, builtin_face_model(), crops) + MARGIN
    return float(nme_percent(found, truth).mean())


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_nme(
    form: tuple[str, str],
    network: Path,
    faces: tuple[NDArray[np.uint8], NDArray[np.float64]],
    fp32_nme: float,
    tmp_path: Path,
) -> None:
    precision, target = form
    content = convert_precision(network, precision=precision, target=target)
    if form in (("fp16", "tensorrt"), ("int8", "tensorrt")):
        content = half_reference(content)
    path = tmp_path / "form.onnx"
    path.write_bytes(content)
    lost = nme(path, faces) - fp32_nme
    assert lost <= FORMS[form], f"{precision} for {target} loses {lost:.4f} points"
    if precision != "int8":
        assert abs(lost) <= FORMS[form]


def test_no_activation_comes_near_the_end_of_fp16(
    faces: tuple[NDArray[np.uint8], NDArray[np.float64]],
) -> None:
    network = read_network(BUILTIN)
    found = activation_ranges(fold_constants(network.content), faces[0][::16], network.spec.input)[
        "minmax"
    ]
    assert max(max(-low, high) for low, high in found.values()) < 65504 / 8
