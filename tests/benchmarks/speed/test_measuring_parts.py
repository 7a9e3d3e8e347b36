"""Clocks, ceilings, memory and peers of `frsdk-bench`."""

import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest

from frsdk import Roi, builtin_face_model
from frsdk.benchmarks.speed.measuring import machine_ceilings as ceilings
from frsdk.benchmarks.speed.measuring.bench_photo import Photo
from frsdk.benchmarks.speed.measuring.cold_start import _absolute
from frsdk.benchmarks.speed.measuring.engine_drift import drift_percent, jittered_rois
from frsdk.benchmarks.speed.measuring.engines_under_test import (
    Variant,
    open_reconstructor,
    variants_from_texts,
)
from frsdk.benchmarks.speed.measuring.environment import _processor, this_environment
from frsdk.benchmarks.speed.measuring.power_draw import measure_power
from frsdk.benchmarks.speed.measuring.resident_memory import peak_mib
from frsdk.benchmarks.speed.peers.mediapipe_peer import MediapipePeer
from frsdk.benchmarks.speed.peers.pipeline_3ddfa_v2 import V2Decoder, V2Pipeline, model_of_size
from frsdk.errors import BackendError, InputError, MissingDependencyError
from frsdk.morphable.vertex_decoding import N_POSE, decode_points, image_poses


def test_variants_are_every_engine_with_every_number_of_threads():
    found = variants_from_texts("fp32, models/a.onnx", "1,2")
    assert [each.name for each in found] == [
        "fp32",
        "fp32, 2 threads",
        "a.onnx",
        "a.onnx, 2 threads",
    ]


def test_files_of_one_name_stand_apart():
    found = variants_from_texts("a/model.onnx,b/model.onnx,c.onnx", "1")
    assert [each.name for each in found] == ["a/model.onnx", "b/model.onnx", "c.onnx"]


def test_a_new_process_gets_paths_made_absolute_and_names_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fp32").mkdir()  # a folder of the caller's
    for name in ("fp32", "builtin-open", "triton://localhost:8001/frsdk"):
        assert _absolute(Variant(name, 1))["engine"] == name
    assert _absolute(Variant("a.onnx", 1))["engine"] == str(tmp_path / "a.onnx")


def test_cuda_graphs_stand_beside_the_plain_engine():
    found = variants_from_texts("a.engine", "1", cuda_graph=True)
    assert [(each.name, each.cuda_graph) for each in found] == [
        ("a.engine", False),
        ("a.engine, graph", True),
    ]
    with pytest.raises(InputError, match="backend onnxruntime has no CUDA graphs"):
        open_reconstructor(Variant("builtin", 1, cuda_graph=True))


@pytest.mark.parametrize(
    ("engines", "threads", "message"),
    [
        ("fp32,,int8", "1", "expected engines"),
        ("fp32,fp32", "1", "each once"),
        ("fp32", "0", "expected threads"),
        ("fp32", "two", "expected threads"),
        ("fp32", "1,1", "each once"),
    ],
)
def test_bad_lists_are_refused(engines, threads, message):
    with pytest.raises(InputError, match=message):
        variants_from_texts(engines, threads)


def test_engine_by_path_that_is_missing_is_one_line():
    with pytest.raises(BackendError, match="no such file") as caught:
        open_reconstructor(Variant("none.onnx", 1))
    assert "\n" not in str(caught.value)


def test_environment_names_cpu_and_versions(tmp_path):
    environment = this_environment()
    assert environment.cores >= 1 and environment.packages["numpy"] == np.__version__
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name : Chip 9\nflags : avx2 avx512_vnni\n")
    assert _processor(cpuinfo) == "Chip 9"
    assert _processor(tmp_path / "none")


def test_ceilings_count_operations_and_bytes(monkeypatch):
    monkeypatch.setattr(ceilings, "_SIDE", 64)
    monkeypatch.setattr(ceilings, "_BYTES", 1 << 20)
    times = {"NumPy": 2.0, "ONNX Runtime": 1.0, "copy": 4.0, "dot": 8.0, "product": 9.0}

    def measured(cases, *, rounds, on_round=None):
        for case in cases.values():
            case()
        seconds = {name: np.array([times[name], 2 * times[name]]) for name in cases}
        return {name: types.SimpleNamespace(seconds=each) for name, each in seconds.items()}

    monkeypatch.setattr(ceilings, "interleaved", measured)
    found = ceilings.measure_ceilings()
    assert found.gflops == pytest.approx(2 * 64**3 / 1.0 / 1e9)  # the faster of the two
    assert found.copy_gbs == pytest.approx(2 * 2**20 / 4.0 / 1e9)
    assert found.read_gbs == pytest.approx(2**20 / 8.0 / 1e9, rel=1e-3)  # whole rows


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_is_the_process_own_though_its_parent_is_fat():
    """`ru_maxrss` goes through fork and exec: a child of 400 MiB would be told 400 MiB."""
    code = (
        "import resource; from frsdk.benchmarks.speed.measuring.resident_memory import peak_mib\n"
        "print(peak_mib(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    ballast = np.ones(400 << 17)  # 400 MiB, touched
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, close_fds=False
    )
    own, inherited = map(float, ended.stdout.split())
    assert peak_mib() > ballast.nbytes / 2**20 == 400
    assert own < 200 and own <= inherited + 1


def test_v2_formula_gives_our_points_in_its_frame():
    """It counts crop pixels from 1 and maps without the half pixel; depth starts at 0."""
    model = builtin_face_model()
    params = np.random.default_rng(0).normal(size=62).astype(np.float32)
    params[:N_POSE] = [0.5, 0, 0.1, 60, 0, 0.5, 0, 58, -0.1, 0, 0.5, 3]
    roi = Roi(20.0, 30.0, 120.0)  # one image pixel per crop pixel
    theirs = V2Decoder(model.basis)(params, roi).T  # (N, 3)
    ours = decode_points(model.basis, params[None, N_POSE:], image_poses(params[None], [roi], 120))
    difference = theirs - ours[0]
    np.testing.assert_allclose(difference[:, 0], -1.0, atol=2e-3)
    np.testing.assert_allclose(difference[:, 1], 1.0, atol=2e-3)
    assert np.ptp(difference[:, 2]) < 2e-3 and theirs[:, 2].min() == 0.0


def test_v2_pipeline_runs_over_the_border_of_the_photograph():
    model = model_of_size(builtin_face_model(), 9000)
    assert model.n_vertices == 9000
    np.testing.assert_array_equal(model.mean[8147:], model.mean[: 9000 - 8147])
    seen = []

    def network(batch):
        seen.append(batch)
        return np.zeros((1, 62), np.float32)

    image = np.full((100, 90, 3), 255, np.uint8)
    sparse, dense = V2Pipeline(network, model)(image, Roi(-30.0, -20.0, 100.0))
    assert (sparse.shape, dense.shape) == ((3, 68), (3, 9000))
    (batch,) = seen
    assert batch.shape == (1, 3, 120, 120) and batch.dtype == np.float32
    assert batch[0, :, 0, 0] == pytest.approx(-127.5 / 128)
    assert batch[0, :, 60, 60] == pytest.approx(127.5 / 128)


def test_drift_is_the_nme_between_two_engines():
    photo = Photo("x", np.zeros((9, 9, 3), np.uint8), np.zeros(1, np.uint8), Roi(0, 0, 9), False)
    square = np.zeros((68, 3))
    square[1, :2] = 200.0  # the box is 200 x 200

    def engine(offset):
        return lambda image, rois: [types.SimpleNamespace(landmarks=square + offset) for _ in rois]

    assert drift_percent(engine(0.0), engine(0.0), photo) == 0.0
    moved = engine(np.array([3.0, 4.0, 99.0]))
    assert drift_percent(moved, engine(0.0), photo) == pytest.approx(100 * 5 / 200)


def test_jittered_squares_stay_on_the_face():
    rois = jittered_rois(Roi(100.0, 100.0, 200.0))
    assert rois == jittered_rois(Roi(100.0, 100.0, 200.0))
    centres = np.array([(r.x0 + r.side / 2, r.y0 + r.side / 2) for r in rois])
    assert np.abs(centres - 200).max() <= 12 and len({r.side for r in rois}) == len(rois)


def test_power_is_none_without_a_meter(monkeypatch):
    monkeypatch.setattr("frsdk.benchmarks.speed.measuring.power_draw.find_spec", lambda name: None)
    assert measure_power(lambda: None, on_gpu=True) is None


def test_energy_is_power_times_time(monkeypatch):
    nvml = types.ModuleType("pynvml")
    closed = []
    nvml.nvmlInit = lambda: None
    nvml.nvmlShutdown = lambda: closed.append(True)
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml.nvmlDeviceGetPowerUsage = lambda device: 50_000  # milliwatts
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(
        "frsdk.benchmarks.speed.measuring.power_draw.find_spec",
        lambda name: nvml if name == "pynvml" else None,
    )
    assert measure_power(lambda: None, on_gpu=False) is None  # a GPU's meter
    power = measure_power(lambda: time.sleep(0.01), on_gpu=True, seconds=0.3)
    assert (power.source, power.watts, closed) == ("NVML, first GPU", 50.0, [True])
    assert power.joules_per_call >= 50.0 * 0.01


@pytest.mark.parametrize("failing", ["nvmlInit", "nvmlDeviceGetPowerUsage"])
def test_a_meter_that_does_not_tell_is_none(monkeypatch, failing):
    nvml = types.ModuleType("pynvml")
    for name in ("nvmlInit", "nvmlShutdown", "nvmlDeviceGetHandleByIndex"):
        setattr(nvml, name, lambda *values: None)
    setattr(nvml, failing, lambda *values: 1 / 0)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(
        "frsdk.benchmarks.speed.measuring.power_draw.find_spec",
        lambda name: nvml if name == "pynvml" else None,
    )
    assert measure_power(lambda: None, on_gpu=True, seconds=0.1) is None


def test_mediapipe_says_what_is_missing(tmp_path, monkeypatch):
    where = "frsdk.benchmarks.speed.peers.mediapipe_peer.find_spec"
    monkeypatch.setattr(where, lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install mediapipe"):
        MediapipePeer(tmp_path / "face_landmarker.task")
    monkeypatch.setattr(where, lambda name: object())
    with pytest.raises(BackendError, match="no such file"):
        MediapipePeer(tmp_path / "face_landmarker.task")


def test_power_is_of_the_load_alone(monkeypatch):
    """The reading that tells whether there is a meter came before the load, and does not count."""
    busy = threading.Event()
    nvml = types.ModuleType("pynvml")
    nvml.nvmlInit = nvml.nvmlShutdown = lambda: None
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml.nvmlDeviceGetPowerUsage = lambda device: 300_000 if busy.is_set() else 0
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(
        "frsdk.benchmarks.speed.measuring.power_draw.find_spec",
        lambda name: nvml if name == "pynvml" else None,
    )

    def call() -> None:
        busy.set()
        time.sleep(0.02)

    assert measure_power(call, on_gpu=True, seconds=0.4).watts == 300.0
