"""What is said without a GPU, and the names that the CUDA bindings must have."""

from __future__ import annotations

import ast
import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from frsdk.backends.cuda import cuda_driver, device_memory
from frsdk.backends.cuda.device_memory import cuda_level, driver_version
from frsdk.backends.cuda.open_device import gpu_info, open_device
from frsdk.backends.cuda.pycuda_memory import PycudaMemory
from frsdk.errors import BackendError, MissingDependencyError

SOURCE = (
    Path(__file__).resolve().parents[3] / "frsdk" / "backends" / "cuda" / "cuda_python_memory.py"
)


def test_the_binding_has_every_name() -> None:
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="needs cuda-bindings")
    used = set()
    for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._call":
            used.add(ast.literal_eval(node.args[0]))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).startswith("self._cuda"):
            used.add(ast.unparse(node).removeprefix("self._cuda."))
    assert {"cudaMemcpyAsync", "cudaStreamEndCapture", "cudaError_t.cudaSuccess"} <= used
    for name in sorted(used):
        found = runtime
        for part in name.split("."):
            found = getattr(found, part)


def test_pycuda_measures_from_the_first_mark_to_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    class Event:
        """pycuda's, with its two ways to ask for milliseconds."""

        clock = itertools.count(1.0, 0.5)

        def record(self, stream: object) -> None:
            assert stream == "the stream"
            self.passed = next(self.clock)

        def time_since(self, event: Event) -> float:
            return (self.passed - event.passed) * 1e3

        def time_till(self, event: Event) -> float:
            return (event.passed - self.passed) * 1e3

    driver = SimpleNamespace(Event=Event, Error=RuntimeError, get_driver_version=lambda: 13000)
    gpu = SimpleNamespace(compute_capability=lambda: (8, 6), name=lambda: "Imagined GPU")
    monkeypatch.setitem(sys.modules, "pycuda", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pycuda.driver", driver)
    primary = SimpleNamespace(context=None, device=gpu)
    monkeypatch.setitem(sys.modules, "pycuda.autoprimaryctx", primary)
    device = PycudaMemory()
    device._streams[7] = "the stream"
    begin, end = device.create_event(), device.create_event()
    for event in (begin, end):
        device.record(event, 7)
    assert device.seconds_between(begin, end) == pytest.approx(0.5)


def test_without_a_gpu_the_reason_is_given() -> None:
    if cuda_driver.gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    pytest.importorskip("cuda.bindings.runtime", reason="needs cuda-bindings")
    with pytest.raises(BackendError, match=r"no usable NVIDIA GPU here \(.+\): install") as caught:
        gpu_info()
    assert "\n" not in str(caught.value)


def test_without_a_binding_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frsdk.backends.cuda.open_device._is_installed", lambda module: False)
    with pytest.raises(MissingDependencyError, match="pip install cuda-bindings"):
        open_device()


def test_without_a_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_driver, "_LIBRARY", "libno-such-driver.so")
    assert cuda_driver.gpu_obstacle.__wrapped__() == "no NVIDIA driver (libno-such-driver.so)"


@pytest.mark.skipif(sys.platform != "linux", reason="the driver's file of Linux")
def test_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [cuda_level(number) for number in (12060, 13000, 13020)] == ["12.6", "13.0", "13.2"]
    path = tmp_path / "version"
    monkeypatch.setattr(device_memory, "_DRIVER_FILE", path)
    assert driver_version() is None
    path.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27\nGCC 12.3"
    )
    assert driver_version() == "580.65.06"
