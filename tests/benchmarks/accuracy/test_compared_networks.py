"""Networks as the command line names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.compared_networks import (
    NetworkChoice,
    choices_from_text,
    file_name_part,
    opened_network,
)
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.reconstructor import FaceReconstructor


def test_files_names_and_the_built_in_one(tmp_path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"")
    found = choices_from_text(f"builtin,{path},other={path}, ours=builtin")
    assert found == [
        NetworkChoice("builtin", None),
        NetworkChoice("net", path),
        NetworkChoice("other", path),
        NetworkChoice("ours", None),
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("nowhere.onnx", "nowhere.onnx: no such network: give a .pth, .onnx or .engine"),
        ("", "expected --engine"),
        ("builtin,", "expected --engine"),
        ("a=", "expected --engine"),
        ("runs/lr=0.1/model.onnx", "^runs/lr=0.1/model.onnx: no such network"),
        ("builtin,builtin", "two are called builtin"),
        ("A b=builtin,a-b=builtin", r"two are called a-b in file names \(A b, a-b\)"),
    ],
)
def test_names_that_mean_nothing(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        choices_from_text(text)


def test_names_in_file_names() -> None:
    assert file_name_part("gt68 AFW/x") == "gt68-afw-x"
    assert file_name_part("*") == "unnamed"


def test_each_network_takes_its_own_face_model(tiny_onnx, tiny_model) -> None:
    choice = NetworkChoice("tiny", tiny_onnx)
    with opened_network(choice, [tiny_model]) as network:
        assert network.face_model.name == "tiny-face"
    with pytest.raises(SpecError, match="for face model tiny-face"), opened_network(choice, []):
        pass
    with opened_network(NetworkChoice("builtin", None), [tiny_model]) as network:
        assert network.face_model.name != "tiny-face"


def test_files_that_are_no_networks(tmp_path) -> None:
    for name, kind in (("a.onnx", BackendError), ("a.pth", SpecError), ("a.txt", BackendError)):
        path = tmp_path / name
        path.write_bytes(b"nothing")
        with pytest.raises(kind, match=name), opened_network(NetworkChoice("a", path), []):
            pass


def test_weights_run_as_their_export(tmp_path: Path, tiny_model, tiny_spec) -> None:
    torch = pytest.importorskip("torch", reason="needs torch (frsdk[export])")
    from frsdk.export.checkpoints.checkpoint_file import save_checkpoint
    from frsdk.export.checkpoints.onnx_export import export_onnx
    from frsdk.export.networks import build_network
    from frsdk.specs.model_spec import ArchitectureSpec

    torch.manual_seed(0)
    spec = tiny_spec.replace(architecture=ArchitectureSpec("mobilenet_v1", {"width": 0.25}))
    network = build_network("mobilenet_v1", {"width": 0.25}).eval()
    save_checkpoint(tmp_path / "w.pth", network, spec)
    export_onnx(network, spec, tmp_path / "w.onnx")
    image = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    with FaceReconstructor(engine=tmp_path / "w.onnx", face_model=tiny_model) as exported:
        wanted = exported(image, rois=[[20, 20, 140, 140]])[0]
    with opened_network(NetworkChoice("w", tmp_path / "w.pth"), [tiny_model]) as weights:
        found = weights(image, rois=[[20, 20, 140, 140]])[0]
    assert found.landmarks == pytest.approx(wanted.landmarks, abs=1e-3)
