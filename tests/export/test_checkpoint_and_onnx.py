import pickle

import numpy as np
import pytest
import torch

from frsdk.backends.onnxruntime import OnnxRuntimeBackend
from frsdk.errors import SpecError
from frsdk.export import onnx_export
from frsdk.export.checkpoint import load_checkpoint, save_checkpoint
from frsdk.export.networks import build_network
from frsdk.spec import ArchitectureSpec, FaceModelRef, ModelSpec


@pytest.fixture
def spec():
    return ModelSpec(
        architecture=ArchitectureSpec("mobilenet_v1", {"width": 0.25}),
        face_model=FaceModelRef("tiny", "0" * 64, 68),
        param_mean=(0.5,) * 62,
        param_std=(2.0,) * 62,
        licence="research",
    )


@pytest.fixture
def network(spec):
    torch.manual_seed(0)
    return build_network(spec.architecture.name, spec.architecture.arguments).eval()


def test_checkpoint_round_trip(tmp_path, network, spec):
    path = tmp_path / "model.pth"
    save_checkpoint(path, network, spec)
    loaded, read = load_checkpoint(path)
    assert read == spec
    crops = torch.rand(2, 3, 120, 120)
    with torch.no_grad():
        assert torch.equal(loaded(crops), network(crops))


class _Evil:
    def __reduce__(self):
        return (print, ("code ran",))


def test_checkpoint_with_code_is_refused(tmp_path, capsys):
    path = tmp_path / "evil.pth"
    torch.save({"state": _Evil()}, path)
    with pytest.raises(SpecError, match="not a plain checkpoint"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(_Evil(), protocol=2))
    with pytest.raises(SpecError, match="not a plain checkpoint"):
        load_checkpoint(path)
    assert capsys.readouterr().out == ""


def test_checkpoint_without_spec_and_of_another_width(tmp_path, network, spec):
    path = tmp_path / "bare.pth"
    torch.save({"state": network.state_dict()}, path)
    with pytest.raises(SpecError, match="carries no spec"):
        load_checkpoint(path)
    save_checkpoint(path, build_network("mobilenet_v1", {"width": 0.5}), spec)
    with pytest.raises(SpecError, match="another architecture"):
        load_checkpoint(path)


@pytest.mark.parametrize("name", ["mobilenet_v1", "mobile_frnet"])
def test_exported_network_equals_pytorch_at_any_batch(tmp_path, spec, name):
    torch.manual_seed(1)
    network = build_network(name).eval()
    spec = spec.replace(architecture=ArchitectureSpec(name))
    report = onnx_export.export_onnx(network, spec, tmp_path / "model.onnx")
    assert report.largest_difference < 1e-4
    with OnnxRuntimeBackend(report.path) as backend:
        assert backend.spec == spec
        for batch in (1, 3, 5):
            crops = np.random.default_rng(batch).normal(size=(batch, 3, 120, 120))
            crops = crops.astype(np.float32)
            with torch.no_grad():
                wanted = network(torch.from_numpy(crops)).numpy()
            assert backend.run(crops) == pytest.approx(wanted, abs=1e-4)


def test_failed_parity_leaves_no_file(tmp_path, network, spec, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"older")
    monkeypatch.setattr(onnx_export, "parity", lambda *_: 0.5)
    with pytest.raises(SpecError, match="differ by 5"):
        onnx_export.export_onnx(network, spec, path)
    assert list(tmp_path.iterdir()) == []
