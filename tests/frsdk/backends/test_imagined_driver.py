"""The real cuda-python on a driver that exists only in the host's memory (imagined_driver.c)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from frsdk.backends.cuda.cuda_driver import gpu_obstacle

SOURCE = Path(__file__).with_name("imagined_driver.c")
SCRIPT = """
import ctypes, gc, json, threading
from dataclasses import asdict
import numpy as np
from frsdk.backends.cuda.open_device import open_device
from frsdk.errors import BackendError

driver = ctypes.CDLL("libcuda.so.1")
found = {}

def current():
    context = ctypes.c_void_p()
    driver.cuCtxGetCurrent(ctypes.byref(context))
    return context.value

def held():
    contexts = ctypes.c_int()
    return driver.imagined_state(ctypes.byref(contexts)), contexts.value

def work(device, to):
    with device.active():
        stream, marks = device.create_stream(), [device.create_event() for _ in range(3)]
        source, target = device.pinned((2, 500)), device.pinned((2, 500))
        address = device.allocate(source.nbytes)
        source[:] = np.arange(1000).reshape(2, 500)
        device.record(marks[0], stream)
        device.copy_in(address, source, stream)
        device.record(marks[1], stream)
        device.copy_out(target[:1], address, stream)
        device.record(marks[2], stream)
        to["early"] = bool((target == source)[:1].any())
        device.synchronise(stream)
        to["copied"] = int((target == source).sum())
        to["seconds"] = [device.seconds_between(a, b) for a, b in zip(marks, marks[1:])]
        device.begin_capture(stream)
        device.copy_in(address, source, stream)
        device.copy_out(target, address, stream)
        graph = device.end_capture(stream)
        source[:] = 7
        device.launch(graph, stream)
        device.synchronise(stream)
        to["replayed"] = bool((target == 7).all())
        try:
            device.allocate(1 << 50)
        except BackendError as error:
            to["error"] = str(error)
        device.destroy_graph(graph)
        for mark in marks:
            device.destroy_event(mark)
        device.free_pinned(source), device.free_pinned(target), device.free(address)
        device.destroy_stream(stream)

device = open_device()
found["info"] = asdict(device.info)
found["contexts before use"] = held()[1]
other = ctypes.c_void_p()
driver.cuDevicePrimaryCtxRetain(ctypes.byref(other), 1)
driver.cuCtxPushCurrent_v2(other)  # another library works on device 1 in this thread
work(device, found)
found["caller keeps its device"] = current() == other.value
in_thread = {}
thread = threading.Thread(target=work, args=(device, in_thread))
thread.start(), thread.join()
found["in a thread that ended"] = in_thread.get("replayed")
try:
    with device.active():
        raise ValueError
except ValueError:
    found["after an exception"] = current() == other.value
try:
    device.allocate(4)
except BackendError as error:
    found["outside"] = str(error)
found["held"] = held()
del device
gc.collect()
found["released"] = held()[1]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pytest.importorskip("cuda.bindings.driver", reason="needs cuda-bindings")
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    if gpu_obstacle() is None:
        pytest.skip("this machine has a GPU")
    folder = tmp_path_factory.mktemp("driver")
    library = ["-o", str(folder / "libcuda.so.1"), "-Wl,-soname,libcuda.so.1"]
    subprocess.run([compiler, "-shared", "-fPIC", str(SOURCE), *library], check=True)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_gpu_is_described_without_a_context(found: dict[str, Any]) -> None:
    assert found["info"] == {
        "name": "Imagined Orin", "compute_capability": "8.7", "cuda_version": "12.6",
        "driver_version": found["info"]["driver_version"], "multiprocessors": 14,
    }  # fmt: skip
    assert found["contexts before use"] == 0


def test_copies_are_done_when_the_stream_is_waited_for(found: dict[str, Any]) -> None:
    assert (found["early"], found["copied"]) == (False, 500)
    assert found["seconds"] == pytest.approx([4e-3, 2e-3])


def test_recorded_work_runs_again(found: dict[str, Any]) -> None:
    assert found["replayed"] and found["in a thread that ended"]


def test_errors_have_cuda_s_reason(found: dict[str, Any]) -> None:
    assert "the GPU failed in cuMemAlloc (out of memory): free its memory" in found["error"]
    assert "invalid device context" in found["outside"]  # every call needs `active`


def test_the_callers_device_stays(found: dict[str, Any]) -> None:
    assert found["caller keeps its device"] and found["after an exception"]


def test_everything_is_given_back(found: dict[str, Any]) -> None:
    assert found["held"] == [0, 2]  # ours and the other library's context
    assert found["released"] == 1
