"""Every backend that this machine's GPU can run, against the CPU. Run with `pytest -m gpu`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.backends.cuda.cuda_driver import gpu_obstacle
from frsdk.backends.engine_choice import BACKENDS
from frsdk.errors import MissingDependencyError
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.reconstructor import FaceReconstructor

ROOT = Path(__file__).resolve().parents[3]
BUILTIN = ROOT / "frsdk" / "assets" / "network.onnx"
WEIGHTS = ROOT / "weights" / "mobile_frnet.pth"
GPU_BACKENDS = [name for name, kind in BACKENDS.items() if kind.device == "gpu"]
# Mean distance of the 68 points to the CPU's FP32, in percent of the face's box.
MOST_DRIFT = {"fp32": 0.05, "fp16": 0.3, "int8": 1.5}

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(gpu_obstacle() is not None, reason=f"needs a GPU: {gpu_obstacle()}"),
]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


ROIS = [[150 + 4 * k, 10 + 2 * k, 300 + 4 * k, 160 + 2 * k] for k in range(11)]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRSDK_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def landmarks(reconstruct: FaceReconstructor, photo: np.ndarray) -> np.ndarray:
    return np.stack([face.landmarks for face in reconstruct(photo, rois=ROIS)])


def drift_percent(found: np.ndarray, wanted: np.ndarray) -> float:
    spread = np.ptp(wanted[..., :2], axis=1)  # (n, 2)
    distance = np.linalg.norm(found[..., :2] - wanted[..., :2], axis=-1).mean(axis=1)
    return float((100 * distance / np.sqrt(spread.prod(axis=1))).mean())


def skip_without(backend: str) -> None:
    obstacle = BACKENDS[backend].obstacle()
    if obstacle is not None:
        pytest.skip(f"{backend}: {obstacle}")


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("backend", GPU_BACKENDS)
def test_results_are_the_cpu_s(photo: np.ndarray, backend: str, precision: str) -> None:
    kind = BACKENDS[backend]
    if precision not in kind.precisions:
        pytest.skip(f"{backend} does not offer {precision}")
    skip_without(backend)
    with FaceReconstructor(backend="onnxruntime") as reference:
        wanted = landmarks(reference, photo)
    try:
        opened = FaceReconstructor(engine=precision, backend=backend)
    except MissingDependencyError as error:  # the plug-in is looked for when it is opened
        pytest.skip(str(error))
    with opened as reconstruct:
        assert precision in reconstruct.engine
        first = landmarks(reconstruct, photo)  # 11 faces: more than the engine's largest batch
        assert drift_percent(first, wanted) <= MOST_DRIFT[precision]
        assert np.array_equal(landmarks(reconstruct, photo), first)
        (alone,) = reconstruct(photo, rois=ROIS[3:4])
        assert np.abs(alone.landmarks - first[3]).max() < 0.5


def test_auto_takes_the_gpu(photo: np.ndarray) -> None:
    if all(BACKENDS[name].obstacle() for name in GPU_BACKENDS if BACKENDS[name].automatic):
        pytest.skip("no backend for the GPU is installed")
    with FaceReconstructor(engine="fp16") as reconstruct:
        assert not reconstruct.engine.startswith("onnxruntime (CPUExecutionProvider)")
        assert len(reconstruct(photo, rois=ROIS)) == len(ROIS)


@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_frsdk_build_and_the_engine_file(photo: np.ndarray, tmp_path: Path, target: str) -> None:
    from click.testing import CliRunner

    from frsdk.engines.cli import main

    skip_without(target)
    path = tmp_path / "network.engine"
    arguments = [str(BUILTIN), "--precision", "fp16", "--target", target, "-o", str(path)]
    done = CliRunner().invoke(main, [*arguments, "--batch", "1:4:4"])
    assert done.exit_code == 0, done.output
    with FaceReconstructor(engine=path) as reconstruct, FaceReconstructor() as reference:
        found, wanted = landmarks(reconstruct, photo), landmarks(reference, photo)
    assert drift_percent(found, wanted) <= MOST_DRIFT["fp16"]


@pytest.mark.parametrize("cuda_graph", [False, True])
@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_an_engine_that_decodes_gives_the_surface(
    tmp_path: Path, target: str, cuda_graph: bool
) -> None:
    pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")
    from frsdk.backends.tensorrt_backend import TensorrtBackend
    from frsdk.engines.artefacts.build_artefact import build_artefact
    from frsdk.export.checkpoints.checkpoint_file import load_checkpoint
    from frsdk.export.checkpoints.onnx_export import export_onnx

    skip_without(target)
    model = builtin_face_model()
    network, spec = load_checkpoint(WEIGHTS)
    exported = export_onnx(network, spec, tmp_path / "points.onnx", decoder=model).path
    path = build_artefact(exported, tmp_path / "a.engine", target=target, precision="fp16")
    mean, std = np.array(spec.param_mean, np.float32), np.array(spec.param_std, np.float32)
    with TensorrtBackend(path, cuda_graph=cuda_graph) as backend:
        for n in (1, 3, 9):
            noise = np.random.default_rng(n).normal(size=(n, *spec.input.shape))
            found = backend.run_decoded(noise.astype(np.float32))
            params = found.whitened * std + mean
            wanted = model.decode_vertices(params, size=spec.input.size)
            side = np.ptp(wanted[..., :2], axis=1).max(axis=-1)[:, None]
            off = np.linalg.norm(found.vertices - wanted, axis=-1) / side
            assert off.max() <= 1e-4  # FP32 and not TF32
            assert np.allclose(found.vertices[:, model.landmark_indices], found.landmarks, atol=0.2)


@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_the_device_tells_where_the_time_goes(target: str, tmp_path: Path) -> None:
    from frsdk.backends.tensorrt_backend import TensorrtBackend
    from frsdk.engines.artefacts.build_artefact import build_artefact

    skip_without(target)
    path = build_artefact(BUILTIN, tmp_path / "a.engine", target=target, precision="fp16")
    with TensorrtBackend(path) as backend:
        batch = np.zeros((8, *backend.spec.input.shape), np.float32)
        for _ in range(3):
            spent = backend.device_seconds(batch)
        assert spent is not None
        parts = (spent.copy_in, spent.compute, spent.copy_out)
        assert all(part > 0.0 for part in parts)
        assert sum(parts) < spent.call < 1.0


@pytest.mark.parametrize("cuda_graph", [False, True])
@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_every_batch_size(target: str, cuda_graph: bool, tmp_path: Path) -> None:
    """Equal crops give equal rows, the CPU's, and the same again, on both ranges and beyond."""
    from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
    from frsdk.backends.tensorrt_backend import TensorrtBackend
    from frsdk.engine_files.engine_header import BatchProfile
    from frsdk.engines.artefacts.build_artefact import build_artefact
    from frsdk.engines.tensorrt.build_defaults import BuildOptions

    skip_without(target)
    profiles = (BatchProfile(1, 1, 1), BatchProfile(2, 8, 12))
    path = build_artefact(
        BUILTIN,
        tmp_path / "a.engine",
        target=target,
        precision="fp16",
        options=BuildOptions(profiles=profiles),
    )
    with (
        OnnxRuntimeBackend(BUILTIN) as reference,
        TensorrtBackend(path, cuda_graph=cuda_graph) as engine,
    ):
        crop = np.random.default_rng(0).normal(size=(1, *engine.spec.input.shape))
        wanted = reference.run(crop.astype(np.float32))
        for n in range(1, 15):
            batch = np.repeat(crop, n, axis=0).astype(np.float32)
            found = engine.run(batch)
            assert np.abs(found - wanted).max() < 0.05, f"a batch of {n}"
            assert np.ptp(found, axis=0).max() < 1e-3, f"rows of a batch of {n}"
            assert np.array_equal(engine.run(batch), found), f"a batch of {n} again"


@pytest.mark.parametrize("target", ["tensorrt", "rtx"])
def test_cuda_graphs_give_the_same(target: str, tmp_path: Path) -> None:
    from frsdk.backends.tensorrt_backend import TensorrtBackend
    from frsdk.engines.artefacts.build_artefact import build_artefact

    skip_without(target)
    path = build_artefact(BUILTIN, tmp_path / "a.engine", target=target, precision="fp16")
    with TensorrtBackend(path) as plain, TensorrtBackend(path, cuda_graph=True) as graphs:
        for n in (1, 3, 1, 8, 9):
            noise = np.random.default_rng(n).normal(size=(n, *plain.spec.input.shape))
            batch = noise.astype(np.float32)
            assert np.allclose(plain.run(batch), graphs.run(batch), atol=1e-2)
