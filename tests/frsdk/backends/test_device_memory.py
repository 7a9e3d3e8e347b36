"""What is said without a GPU, and the names that the CUDA bindings must have."""

from __future__ import annotations

import ast
import itertools
import sys
import threading
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
    driver = pytest.importorskip("cuda.bindings.driver", reason="needs cuda-bindings")
    used = set()
    for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._call":
            used.add(ast.literal_eval(node.args[0]))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).startswith("self._cuda"):
            used.add(ast.unparse(node).removeprefix("self._cuda."))
    assert {"cuMemcpyHtoDAsync", "cuStreamEndCapture", "CUresult.CUDA_SUCCESS"} <= used
    for name in sorted(used):
        found = driver
        for part in name.split("."):
            found = getattr(found, part)


class PycudaEvent:
    """pycuda's, with its two ways to ask for milliseconds."""

    clock = itertools.count(1.0, 0.5)

    def record(self, stream: object) -> None:
        assert stream == "the stream"
        self.passed = next(self.clock)

    def time_since(self, event: PycudaEvent) -> float:
        return (self.passed - event.passed) * 1e3

    def time_till(self, event: PycudaEvent) -> float:
        return (event.passed - self.passed) * 1e3


@pytest.fixture
def pycuda(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """pycuda.driver, whose stack of contexts is kept by thread; `autoprimaryctx` is not there."""
    stacks: dict[int, list[str]] = {}

    def stack() -> list[str]:
        return stacks.setdefault(threading.get_ident(), [])

    context = SimpleNamespace(push=lambda: stack().append("ours"), pop=lambda: stack().pop())
    retained: list[SimpleNamespace] = []

    def retain() -> SimpleNamespace:
        retained.append(context)
        return context

    gpu = SimpleNamespace(
        compute_capability=lambda: (8, 7),
        name=lambda: "Imagined Orin",
        get_attribute=lambda which: {"multiprocessors": 14}[which],
        retain_primary_context=retain,
    )
    driver = SimpleNamespace(
        Event=PycudaEvent, Error=RuntimeError, Device=lambda index: gpu, init=lambda: None,
        get_driver_version=lambda: 12060, stacks=stacks, retained=retained,
        device_attribute=SimpleNamespace(MULTIPROCESSOR_COUNT="multiprocessors"),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pycuda", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pycuda.driver", driver)
    return driver


def test_pycuda_measures_from_the_first_mark_to_the_second(pycuda: SimpleNamespace) -> None:
    device = PycudaMemory()
    device._streams[7] = "the stream"
    begin, end = device.create_event(), device.create_event()
    for event in (begin, end):
        device.record(event, 7)
    assert device.seconds_between(begin, end) == pytest.approx(0.5)


def test_pycuda_leaves_nothing_on_a_thread(pycuda: SimpleNamespace) -> None:
    device = PycudaMemory()
    assert device.info.multiprocessors == 14 and pycuda.retained == []

    def use() -> None:
        for _ in range(2):
            with device.active():
                assert pycuda.stacks[threading.get_ident()] == ["ours"]
        with pytest.raises(BackendError, match=r"the GPU failed \(broken\)"), device.active():
            raise pycuda.Error("broken")

    use()
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert not any(pycuda.stacks.values())
    assert len(pycuda.retained) == 1


def test_pycuda_has_no_graphs(pycuda: SimpleNamespace) -> None:
    device = PycudaMemory()
    assert not device.has_graphs
    with device.active(), pytest.raises(BackendError, match="pip install cuda-bindings"):
        device.begin_capture(7)


def test_without_a_gpu_the_reason_is_given() -> None:
    if cuda_driver.gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    pytest.importorskip("cuda.bindings.driver", reason="needs cuda-bindings")
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
