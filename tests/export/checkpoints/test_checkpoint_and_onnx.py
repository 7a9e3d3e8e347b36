import pickle

import numpy as np
import onnx
import pytest
import torch

from frsdk import FaceReconstructor, MorphableModel
from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.export.checkpoints import onnx_export
from frsdk.export.checkpoints.checkpoint_file import load_checkpoint, save_checkpoint
from frsdk.export.networks import build_network
from frsdk.morphable.face_model_match import reference_to
from frsdk.specs.model_spec import ArchitectureSpec, DecoderSpec, FaceModelRef, ModelSpec


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
    monkeypatch.setattr(onnx_export, "parity", lambda *_, **__: 0.5)
    with pytest.raises(SpecError, match="differ by 5"):
        onnx_export.export_onnx(network, spec, path)
    assert list(tmp_path.iterdir()) == []


def test_graph_with_decoder_equals_numpy(tmp_path, spec, network, tiny_model):
    reference = reference_to(tiny_model)
    mean, std = np.zeros(62), np.full(62, 0.1)
    mean[[0, 5, 10]], mean[[3, 7]] = 0.5, (58.0, 61.0)
    spec = spec.replace(face_model=reference, param_mean=tuple(mean), param_std=tuple(std))
    report = onnx_export.export_onnx(network, spec, tmp_path / "m.onnx", decoder=tiny_model)
    assert report.largest_difference < 1e-4
    plain = onnx_export.export_onnx(network, spec, tmp_path / "plain.onnx")
    assert report.counts == plain.counts and report.nodes > plain.nodes
    crops = np.random.default_rng(0).uniform(-1, 1, (3, 3, 120, 120)).astype(np.float32)
    with OnnxRuntimeBackend(report.path) as backend, OnnxRuntimeBackend(plain.path) as bare:
        assert backend.spec == spec.replace(decoder=DecoderSpec("landmarks", "vertices"))
        found = backend.run_decoded(crops)
        whitened = bare.run(crops)
        np.testing.assert_allclose(backend.run(crops), whitened, atol=1e-4)
        np.testing.assert_allclose(found.whitened, whitened, atol=1e-4)
        params = whitened * np.float32(std) + np.float32(mean)
        landmarks = tiny_model.decode_landmarks(params, size=120)
        np.testing.assert_allclose(found.landmarks, landmarks, atol=1e-3)
        vertices = tiny_model.decode_vertices(params, size=120)
        np.testing.assert_allclose(found.vertices, vertices, atol=1e-3)
        with pytest.raises(BackendError, match="--with-decoder"):
            bare.run_decoded(crops)
    image = np.random.default_rng(1).integers(0, 256, (200, 220, 3), np.uint8)
    rois = [[10, 20, 110, 120], [40, 0, 200, 160]]
    faces = []
    for path in (report.path, plain.path):
        with FaceReconstructor(engine=path, face_model=tiny_model) as reconstruct:
            faces.append(reconstruct(image, rois=rois))
    for ours, wanted in zip(*faces, strict=True):
        np.testing.assert_allclose(ours.landmarks, wanted.landmarks, atol=2e-3)
        np.testing.assert_allclose(ours.vertices, wanted.vertices, atol=2e-3)


def test_a_surface_inside_the_graph_is_the_only_one(tmp_path, network, spec, tiny_model):
    """A network of the landmarks alone takes any surface at export, and no other one after it."""
    sparse = MorphableModel(
        name="tiny-sparse",
        basis=tiny_model.landmark_basis,
        coefficient_std=tiny_model.coefficient_std,
        landmark_indices=np.arange(68),
        triangles=np.zeros((0, 3), np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
    )
    assert tiny_model.n_vertices > 68
    spec = spec.replace(face_model=reference_to(sparse))
    path = tmp_path / "m.onnx"
    onnx_export.export_onnx(network, spec, path, decoder=tiny_model)
    rois = [[0, 0, 160, 160]]
    with FaceReconstructor(engine=path, face_model=tiny_model) as reconstruct:
        (face,) = reconstruct(np.zeros((160, 160, 3), np.uint8), rois=rois)
        assert face.vertices.shape == (tiny_model.n_vertices, 3)
    with pytest.raises(SpecError, match=r"is for face model tiny-face .* got tiny-sparse"):
        FaceReconstructor(engine=path, face_model=sparse)


def test_decoder_of_another_model_is_refused(tmp_path, spec, network, tiny_model):
    with pytest.raises(SpecError, match="the network is for face model tiny"):
        onnx_export.export_onnx(network, spec, tmp_path / "m.onnx", decoder=tiny_model)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batch", [1, 3])
def test_a_graph_of_fixed_shapes(tmp_path, network, spec, batch):
    path, free = tmp_path / "fixed.onnx", tmp_path / "free.onnx"
    onnx_export.export_onnx(network, spec, path, batch=batch, opset=16)
    onnx_export.export_onnx(network, spec, free)
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        sizes = value.type.tensor_type.shape.dim
        assert sizes[0].dim_value == batch
        assert all(size.HasField("dim_value") for size in sizes)
    assert model.opset_import[0].version == 16
    crops = np.random.default_rng(0).normal(size=(4, 3, 120, 120)).astype(np.float32)
    with OnnxRuntimeBackend(path) as fixed, OnnxRuntimeBackend(free) as any_number:
        assert np.allclose(fixed.run(crops), any_number.run(crops), atol=1e-5)


def test_outputs_are_named_as_the_spec_names_them(tmp_path, spec, network, tiny_model):
    spec = spec.replace(face_model=reference_to(tiny_model))
    onnx_export.export_onnx(network, spec, tmp_path / "a.onnx", decoder=tiny_model)
    graph = onnx.load(tmp_path / "a.onnx").graph
    found = {
        value.name: [size.dim_value or size.dim_param for size in value.type.tensor_type.shape.dim]
        for value in graph.output
    }
    assert list(found.values()) == [
        ["batch", 62], ["batch", 68, 3], ["batch", tiny_model.n_vertices, 3]
    ]  # fmt: skip


@pytest.mark.parametrize(("options", "match"), [({"opset": 99}, "opset 99"), ({"batch": 0}, "0")])
def test_impossible_exports_are_one_line(tmp_path, network, spec, options, match):
    with pytest.raises(InputError, match=match) as caught:
        onnx_export.export_onnx(network, spec, tmp_path / "a.onnx", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.onnx").exists()
