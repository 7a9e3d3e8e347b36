"""Which backend `FaceReconstructor` takes, and that it never takes another one than asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from frsdk.backends import build_on_first_use as first_use
from frsdk.backends import engine_choice
from frsdk.backends.cuda.cuda_driver import gpu_obstacle
from frsdk.backends.cuda.device_memory import GpuInfo
from frsdk.backends.engine_choice import BACKENDS, open_backend
from frsdk.engines.accuracy.gate_defaults import GateOptions
from frsdk.errors import BackendError, FrsdkError, InputError, MissingDependencyError
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

BUILTIN = Path(__file__).resolve().parents[3] / "frsdk" / "assets" / "network.onnx"
Choose = Callable[..., engine_choice.EngineChoice]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def choose(tiny_onnx: Path) -> Choose:
    return lambda engine=None, **options: open_backend(engine, builtin=tiny_onnx, **options)


def set_obstacles(monkeypatch: pytest.MonkeyPatch, **obstacles: str | None) -> None:
    for name, obstacle in obstacles.items():
        kind = replace(BACKENDS[name.replace("_", "-")], obstacle=lambda text=obstacle: text)
        monkeypatch.setitem(BACKENDS, name.replace("_", "-"), kind)


def chosen(precision: str, device: str | None = None) -> str:
    return engine_choice._choose(precision, "auto", device)[0]


def test_auto_takes_the_first_in_the_documented_order(monkeypatch: pytest.MonkeyPatch) -> None:
    order = ("tensorrt", "rtx", "onnxruntime-cuda", "onnxruntime")
    assert tuple(name for name, kind in BACKENDS.items() if kind.automatic) == order
    set_obstacles(monkeypatch, **{name.replace("-", "_"): None for name in order})
    assert chosen("fp16") == chosen("int8") == chosen("fp32", "gpu") == "tensorrt"
    assert chosen("fp16", "cpu") == "onnxruntime"
    set_obstacles(monkeypatch, tensorrt="no A")
    assert engine_choice._choose("int8", "auto", None) == ("rtx", ("tensorrt: no A",))
    set_obstacles(monkeypatch, rtx="no B")
    assert chosen("fp16") == "onnxruntime-cuda"
    name, passed_over = engine_choice._choose("int8", "auto", None)
    assert (name, passed_over) == ("onnxruntime", ("tensorrt: no A", "rtx: no B"))
    set_obstacles(monkeypatch, onnxruntime_cuda="no C")
    with pytest.raises(BackendError, match=r"no backend runs fp16 on a GPU \(tensorrt: no A; rtx"):
        chosen("fp16", "gpu")
    set_obstacles(monkeypatch, onnxruntime="no D")
    with pytest.raises(BackendError, match=r"no backend runs int8 here .*onnxruntime: no D"):
        chosen("int8")


def test_cuda_graphs_reach_the_engine(
    choose: Choose, tiny_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def backend(path: Path, **options: object) -> None:
        opened.append((path.name, options["cuda_graph"]))

    monkeypatch.setattr(engine_choice, "TensorrtBackend", backend)
    monkeypatch.setattr(engine_choice, "built_engine", lambda *_, **__: Path("built.engine"))
    set_obstacles(monkeypatch, tensorrt="no A", rtx=None)
    assert choose("fp16", cuda_graph=True).passed_over == ("tensorrt: no A",)
    choose(tmp_path / "a.engine", cuda_graph=True)
    choose("fp16")
    assert opened == [("built.engine", True), ("a.engine", True), ("built.engine", False)]


@pytest.mark.parametrize(
    ("engine", "options", "match"),
    [
        (None, {"backend": "magic"}, "expected backend auto, tensorrt, rtx, .* got 'magic'"),
        (None, {"device": "npu"}, "expected device cpu or gpu or None, got 'npu'"),
        ("fp16", {"backend": "tensorrt", "device": "cpu"}, "runs on the GPU, device cpu"),
        ("fp16", {"backend": "onnxruntime", "device": "gpu"}, "runs on the CPU, device gpu"),
        ("int8", {"backend": "onnxruntime-cuda"}, "does not offer int8: choose fp32 or fp16"),
        ("a.engine", {"backend": "onnxruntime"}, "runs on a GPU through tensorrt or rtx"),
        ("a.engine", {"device": "cpu"}, "device cpu was asked for"),
        ("a.pth", {}, "an .onnx or an .engine file as engine"),
        ("bf16", {}, "expected fp32, fp16, int8"),
        (None, {"cuda_graph": True}, "backend onnxruntime has no CUDA graphs: take engine= fp16"),
        ("fp16", {"cuda_graph": True, "backend": "onnxruntime-cuda"}, "has no CUDA graphs"),
        ("fp16", {"cuda_graph": True, "device": "cpu"}, "runs fp16 on the CPU with CUDA graphs"),
        ("absent.engine", {}, "cannot be read"),
        ("absent.onnx", {}, "no such file"),
    ],
)
def test_what_does_not_fit_is_one_line(
    choose: Choose, engine: str | None, options: dict[str, str], match: str
) -> None:
    with pytest.raises(FrsdkError, match=match) as caught:
        choose(engine, **options)
    assert isinstance(caught.value, InputError | BackendError)
    assert "\n" not in str(caught.value)


def test_a_file_runs_as_it_is(choose: Choose, tiny_onnx: Path, cache: Path) -> None:
    for engine in (None, tiny_onnx, str(tiny_onnx)):
        choice = choose(engine)
        assert choice.passed_over == ()
        expected = f"onnxruntime (CPUExecutionProvider) fp32 {tiny_onnx}"
        assert choice.backend.description == expected
    assert not cache.exists()


@pytest.mark.parametrize(
    ("backend", "match"),
    [
        ("onnxruntime-cuda", "CUDAExecutionProvider"),
        ("onnxruntime-rtx", "pip install onnxruntime-ep-nv-tensorrt-rtx"),
        (
            "tensorrt",
            "tensorrt is (not )?installed|no usable NVIDIA GPU|neither is installed",
        ),
        (
            "rtx",
            "tensorrt_rtx is (not )?installed|no usable NVIDIA GPU|neither is installed",
        ),
    ],
)
def test_a_named_backend_never_falls_back(
    choose: Choose, tiny_onnx: Path, backend: str, match: str
) -> None:
    if gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    for engine in (None, tiny_onnx):
        with pytest.raises(FrsdkError, match=match) as caught:
            choose(engine, backend=backend)
        assert isinstance(caught.value, BackendError | MissingDependencyError)
        assert "\n" not in str(caught.value)


def test_gpu_only_is_refused_without_one(choose: Choose) -> None:
    if gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    with pytest.raises(BackendError, match=r"no backend runs fp16 on a GPU .*no NVIDIA driver"):
        choose("fp16", device="gpu")


def test_a_precision_is_built_once_and_said(
    choose: Choose, tiny_onnx: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = choose("fp16", device="cpu")
    assert first.backend.spec.precision == "fp16"
    (path,) = cache.glob("*/*.onnx")
    assert path.name == "tiny.fp16.cpu.onnx"
    assert str(path) in first.backend.description

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("frsdk.engines.artefacts.build_artefact.build_artefact", refuse)
    assert choose("fp16", device="cpu").backend.description == first.backend.description
    with pytest.raises(AssertionError, match="built again"):
        choose("fp32", device="cpu")


def test_another_network_is_another_entry(tiny_onnx: Path, tmp_path: Path, cache: Path) -> None:
    onnx = pytest.importorskip("onnx")
    first = first_use.built_network(tiny_onnx, target="cpu", precision="fp16")
    model = onnx.load(tiny_onnx)
    model.doc_string = "another"
    onnx.save(model, tmp_path / "tiny.onnx")
    second = first_use.built_network(tmp_path / "tiny.onnx", target="cpu", precision="fp16")
    third = first_use.built_network(tiny_onnx, target="tensorrt", precision="fp16")
    assert len({first, second, third}) == len(list(cache.glob("*/*.onnx"))) == 3


def test_building_without_onnx_names_the_extra(tiny_onnx: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from pathlib import Path; from frsdk.backends.build_on_first_use import built_network\n"
        "built_network(Path(sys.argv[1]), target='cpu', precision='fp16')"
    )
    command = [sys.executable, "-c", code, str(tiny_onnx)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "MissingDependencyError: building tiny.fp16.cpu.onnx needs onnx: pip install " in (
        done.stderr
    )


def test_the_reconstructor_tells_what_it_took(
    tiny_onnx: Path, tiny_model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.installation.builtin_weights.asset_path", lambda name: tiny_onnx)
    if gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    with FaceReconstructor(engine="fp16", face_model=tiny_model) as reconstruct:
        took, passed_over = reconstruct.engine.split(" [passed over: ")
        assert took.startswith("onnxruntime (CPUExecutionProvider) fp16 ")
        assert passed_over.startswith("tensorrt: no NVIDIA driver")
    options = {"engine": "fp16", "backend": "onnxruntime", "device": "cpu"}
    with FaceReconstructor(face_model=tiny_model, **options) as reconstruct:
        assert "passed over" not in reconstruct.engine


def test_eight_threads_with_200_calls_each() -> None:
    """The same results as one thread, and no growth of the process."""
    resource = pytest.importorskip("resource", reason="needs Unix")
    photo = np.random.default_rng(0).integers(0, 256, (200, 220, 3), dtype=np.uint8)
    rois = [[10 + 5 * k, 20, 130 + 5 * k, 140] for k in range(8)]
    with FaceReconstructor(backend="onnxruntime") as reconstruct:
        expected = [reconstruct(photo, rois=[roi])[0].params for roi in rois]
        wrong = []

        def work(index: int, calls: int) -> None:
            for _ in range(calls):
                (face,) = reconstruct(photo, rois=[rois[index]])
                if not np.array_equal(face.params, expected[index]):
                    wrong.append(index)

        def all_at_once(calls: int) -> None:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(work, range(8), [calls] * 8))

        all_at_once(25)
        before = resident_bytes(resource)
        all_at_once(200)
        grown = resident_bytes(resource) - before
    assert wrong == []
    assert grown <= 20 * 2**20


def resident_bytes(resource: object) -> int:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("needs /proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize()  # type: ignore[attr-defined]


def test_an_engine_is_keyed_by_all_that_it_depends_on(
    tiny_onnx: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = GpuInfo("A", "8.6", "13.0", "580.1")
    built = []

    def build(
        source: Path, output: Path, *, target: str, precision: str | None, gate: GateOptions,
        report: object,
    ) -> None:  # fmt: skip
        assert gate.quick
        built.append((target, precision))
        output.write_bytes(b"plan")

    def engine(**options: object) -> Path:
        arguments = {"flavour": "tensorrt", "precision": "fp16", **options}
        return first_use.built_engine(tiny_onnx, **arguments)

    def use(found: GpuInfo, version: str = "10.3.0") -> None:
        handle = SimpleNamespace(version=version)
        monkeypatch.setattr(first_use, "load_tensorrt", lambda flavour: handle)
        monkeypatch.setattr(first_use, "gpu_info", lambda: found)

    monkeypatch.setattr("frsdk.engines.artefacts.build_artefact.build_artefact", build)
    use(gpu)
    paths = {engine(), engine(), engine(precision=None), engine(flavour="tensorrt_rtx")}
    for other in (
        replace(gpu, name="B"),
        replace(gpu, compute_capability="8.9"),
        replace(gpu, cuda_version="12.6"),
        replace(gpu, driver_version=None),
        replace(gpu, multiprocessors=16),
    ):
        use(other)
        paths.add(engine())
    use(gpu, "10.3.1")
    paths.add(engine())
    monkeypatch.setattr(first_use, "__version__", "later")
    paths.add(engine())
    assert len(paths) == len(built) == 10
    assert {path.name for path in paths} == {
        "tiny.fp16.tensorrt.engine", "tiny.as-it-is.tensorrt.engine", "tiny.fp16.rtx.engine"
    }  # fmt: skip
    assert built[:3] == [("tensorrt", "fp16"), ("tensorrt", None), ("rtx", "fp16")]
