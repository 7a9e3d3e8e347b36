"""The device's memory, streams, events and recordings on a real GPU. Run with `pytest -m gpu`.

It runs on the imagined driver too: LD_LIBRARY_PATH to a libcuda.so.1 made of imagined_driver.c.
"""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from frsdk.backends.cuda.cuda_driver import gpu_obstacle
from frsdk.backends.cuda.device_memory import DeviceMemory
from frsdk.backends.cuda.open_device import open_device
from frsdk.errors import BackendError, MissingDependencyError

VALUES = 1 << 20

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(gpu_obstacle() is not None, reason=f"needs a GPU: {gpu_obstacle()}"),
]


@pytest.fixture(scope="module")
def device() -> DeviceMemory:
    try:
        return open_device()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def copies_and_a_recording(device: DeviceMemory) -> None:
    with device.active():
        stream, marks = device.create_stream(), [device.create_event() for _ in range(3)]
        source, target = device.pinned((VALUES,)), device.pinned((VALUES,))
        address = device.allocate(source.nbytes)
        source[:], target[:] = np.arange(VALUES), -1.0
        device.record(marks[0], stream)
        device.copy_in(address, source, stream)
        device.record(marks[1], stream)
        device.copy_out(target, address, stream)
        device.record(marks[2], stream)
        device.synchronise(stream)
        assert np.array_equal(source, target)
        assert all(device.seconds_between(*pair) > 0.0 for pair in itertools.pairwise(marks))
        if device.has_graphs:
            device.begin_capture(stream)
            device.copy_in(address, source, stream)
            device.copy_out(target, address, stream)
            graph = device.end_capture(stream)
            source[:] = 7.0
            device.launch(graph, stream)
            device.synchronise(stream)
            assert (target == 7.0).all()
            device.destroy_graph(graph)
        for mark in marks:
            device.destroy_event(mark)
        device.free_pinned(source)
        device.free_pinned(target)
        device.free(address)
        device.destroy_stream(stream)


def test_copies_and_recordings(device: DeviceMemory) -> None:
    copies_and_a_recording(device)


def test_in_a_thread_that_ends(device: DeviceMemory) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            copies_and_a_recording(device)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []
    copies_and_a_recording(device)


def test_too_much_memory_is_one_line_and_the_device_goes_on(device: DeviceMemory) -> None:
    with device.active(), pytest.raises(BackendError, match="the GPU failed") as caught:
        device.allocate(1 << 50)
    assert "\n" not in str(caught.value)
    copies_and_a_recording(device)


def test_pytorch_beside_keeps_its_device(device: DeviceMemory) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch (frsdk[export])")
    if not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    last = torch.cuda.device_count() - 1
    torch.cuda.set_device(last)
    ones = torch.ones(4, device="cuda")
    copies_and_a_recording(device)
    assert torch.cuda.current_device() == last
    assert float((ones * 2).sum()) == 8.0
