"""The CUDA provider of ONNX Runtime on machines that have a driver and not its libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from frsdk.backends import engine_choice, onnxruntime_backend, onnxruntime_cuda, onnxruntime_session
from frsdk.backends.engine_choice import BACKENDS
from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.backends.onnxruntime_cuda import CUDA_PROVIDER, cuda_provider_problem
from frsdk.errors import BackendError, InputError
from frsdk.specs.model_spec import ModelSpec

# What `preload_dlls` of onnxruntime-gpu 1.31.1 prints where CUDA is not installed.
PRINTED = (
    "Failed to load libcublasLt.so.13: libcublasLt.so.13: cannot open shared object file: "
    "No such file or directory\n"
    "Please follow https://onnxruntime.ai/docs/install/#cuda-and-cudnn to install CUDA."
)


def gpu_package(printed: str = "", *, probe: Callable[..., object] = lambda *_: None) -> Any:
    """The package onnxruntime-gpu as far as it is asked."""

    def preload_dlls(*, directory: str) -> None:
        assert directory == ""  # pip's packages, not PyTorch's
        if printed:
            print(printed)

    package: Any = ModuleType("onnxruntime")
    package.get_available_providers = lambda: [CUDA_PROVIDER, "CPUExecutionProvider"]
    package.preload_dlls = preload_dlls
    package.OrtValue = SimpleNamespace(ortvalue_from_shape_and_type=probe)
    package.cuda_version = "13.0"
    return package


@pytest.fixture
def with_cudnn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime_cuda.ctypes, "CDLL", lambda name: None)


def test_a_missing_library_is_named_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    problem = cuda_provider_problem(gpu_package(PRINTED))
    assert problem is not None and "\n" not in problem
    assert "of CUDA 13.0 cannot be loaded (libcublasLt.so.13: " in problem
    assert "gpu]" in problem
    assert capfd.readouterr() == ("", "")


def test_cudnn_alone_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime_cuda, "_CUDNN", "libno-such-cudnn.so.9")
    assert "libno-such-cudnn.so.9" in str(cuda_provider_problem(gpu_package()))


@pytest.mark.usefixtures("with_cudnn")
def test_the_provider_itself_is_asked() -> None:
    def refused(*_: object) -> None:
        raise RuntimeError(
            "/src/bridge.cc:2465 GetProviderInfo_CUDA() CUDA Provider not available\n"
        )

    assert cuda_provider_problem(gpu_package()) is None
    problem = cuda_provider_problem(gpu_package(probe=refused))
    assert "cannot be loaded (CUDA Provider not available)" in str(problem)


def test_a_package_for_the_cpu_names_the_other_one() -> None:
    ort = pytest.importorskip("onnxruntime")
    if CUDA_PROVIDER in ort.get_available_providers():
        pytest.skip("onnxruntime-gpu is installed")
    assert str(cuda_provider_problem(ort)).startswith(f"this onnxruntime has no {CUDA_PROVIDER}: ")


def test_auto_goes_on_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "gpu_obstacle", lambda: None)
    monkeypatch.setattr(engine_choice, "load_onnxruntime", lambda: gpu_package(PRINTED))
    for name in ("tensorrt", "rtx"):
        monkeypatch.setitem(BACKENDS, name, replace(BACKENDS[name], obstacle=lambda: "not there"))
    name, passed_over = engine_choice._choose("fp16", "auto", None)
    assert name == "onnxruntime"
    assert "libcublasLt.so.13" in passed_over[-1]


def test_a_session_is_not_tried_without_the_libraries(
    tiny_onnx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime_session, "load_onnxruntime", lambda: gpu_package(PRINTED))
    with pytest.raises(BackendError, match=r"cannot be loaded \(libcublasLt") as caught:
        onnxruntime_session.open_session(tiny_onnx, providers=[CUDA_PROVIDER])
    assert "export it again" not in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "falls_back"), [("CPUExecutionProvider", ""), ("CUDAExecutionProvider", "1")]
)
def test_sessions_never_fall_back(
    tiny_onnx: Path, monkeypatch: pytest.MonkeyPatch, provider: str, falls_back: str
) -> None:
    """Neither the session (ONNX Runtime prints and tries the CPU) nor single nodes of a GPU's."""
    ort = pytest.importorskip("onnxruntime")
    seen: dict[str, Any] = {}

    def session(content: str, options: Any, **chosen: Any) -> Any:
        seen.update(chosen)
        try:
            seen["nodes"] = options.get_session_config_entry("session.disable_cpu_ep_fallback")
        except RuntimeError:  # it has none
            seen["nodes"] = ""
        return SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])

    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: both)
    monkeypatch.setattr(ort, "InferenceSession", session)
    monkeypatch.setattr(onnxruntime_session, "cuda_provider_problem", lambda package: None)
    if falls_back:
        with pytest.raises(BackendError, match="CUDAExecutionProvider is not available here"):
            onnxruntime_session.open_session(tiny_onnx, providers=[provider])
    else:
        onnxruntime_session.open_session(tiny_onnx, providers=[provider])
    # On CUDA: no search of kernels for each new batch, and FP32 that is no TF32.
    cuda = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
    chosen = (provider, cuda) if falls_back else provider
    assert seen == {"providers": [chosen], "enable_fallback": 0, "nodes": falls_back}


def test_batches_are_few(
    tiny_onnx: Path, tiny_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cuDNN looks for its kernels once a size, so only four sizes are run."""
    opened, seen = onnxruntime_backend.open_session, []

    def on_cpu(path: Path, **options: Any) -> Any:
        options["providers"] = ["CPUExecutionProvider"]
        session = opened(path, **options)

        def run(names: list[str], feeds: dict[str, np.ndarray], options: object) -> Any:
            seen.append(len(next(iter(feeds.values()))))
            return session.run(names, feeds, options)

        names = ("get_modelmeta", "get_inputs", "get_outputs", "get_providers")
        return SimpleNamespace(run=run, **{name: getattr(session, name) for name in names})

    batch = np.random.default_rng(0).normal(size=(19, *tiny_spec.input.shape)).astype(np.float32)
    with OnnxRuntimeBackend(tiny_onnx) as backend:
        wanted = backend.run(batch)
    monkeypatch.setattr(onnxruntime_backend, "open_session", on_cpu)
    with OnnxRuntimeBackend(tiny_onnx, providers=[CUDA_PROVIDER]) as backend:
        for n in range(1, 20):
            np.testing.assert_allclose(backend.run(batch[:n]), wanted[:n], rtol=1e-4, atol=1e-5)
    assert set(seen) == {1, 2, 4, 8}
    assert seen[-3:] == [8, 8, 4]


def test_the_backend_that_is_gone_names_the_one_to_take() -> None:
    with pytest.raises(InputError, match=r'onnxruntime-tensorrt was removed.*take "tensorrt"'):
        engine_choice.open_backend(None, builtin=Path(), backend="onnxruntime-tensorrt")
