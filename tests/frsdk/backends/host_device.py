"""A GPU's memory, streams and recorded work, in the host's memory."""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from frsdk.backends.cuda.device_memory import DeviceMemory, FloatArray, GpuInfo

GPU = GpuInfo("Imagined GPU", "8.6", "13.0", "580.1")


class HostDevice(DeviceMemory):
    """Device memory in the host's; counts what is not given back."""

    has_graphs = True

    def __init__(self) -> None:
        self.info = GPU
        self.held: dict[int, Any] = {}
        self.pending: dict[int, list[Callable[[], None]]] = {}
        self.captured: list[Callable[[], None]] | None = None
        self.inside = 0
        self.seconds = 0.0  # the device's clock: a byte copied takes 1 us, the network 1 s a crop
        self.passed: dict[Any, float] = {}
        self.waits = 0.0  # seconds of the host's clock
        self._numbers = itertools.count(1)

    @contextmanager
    def active(self) -> Iterator[None]:
        self.inside += 1
        yield
        self.inside -= 1

    def allocate(self, n_bytes: int) -> int:
        memory = ctypes.create_string_buffer(n_bytes)
        self.held[ctypes.addressof(memory)] = memory
        return ctypes.addressof(memory)

    def free(self, address: int) -> None:
        del self.held[address]

    def pinned(self, shape: tuple[int, ...]) -> FloatArray:
        array = np.full(shape, np.nan, np.float32)
        self.held[array.ctypes.data] = array
        return array

    def free_pinned(self, array: FloatArray) -> None:
        del self.held[array.ctypes.data]

    def create_stream(self) -> int:
        stream = next(self._numbers)
        self.held[stream] = "stream"
        self.pending[stream] = []
        return stream

    def destroy_stream(self, stream: int) -> None:
        del self.held[stream], self.pending[stream]

    def enqueue(self, stream: int, work: Callable[[], None]) -> None:
        assert self.inside
        (self.pending[stream] if self.captured is None else self.captured).append(work)

    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        self.enqueue(stream, lambda: self.copy(address, array.ctypes.data, array.nbytes))

    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        self.enqueue(stream, lambda: self.copy(array.ctypes.data, address, array.nbytes))

    def copy(self, target: int, source: int, n_bytes: int) -> None:
        ctypes.memmove(target, source, n_bytes)
        self.seconds += n_bytes * 1e-6

    def synchronise(self, stream: int) -> None:
        time.sleep(self.waits)
        work, self.pending[stream] = self.pending[stream], []
        for each in work:
            each()

    def create_event(self) -> Any:
        event = next(self._numbers)
        self.held[event] = "event"
        return event

    def record(self, event: Any, stream: int) -> None:
        self.enqueue(stream, lambda: self.passed.update({event: self.seconds}))

    def seconds_between(self, begin: Any, end: Any) -> float:
        return self.passed[end] - self.passed[begin]

    def destroy_event(self, event: Any) -> None:
        del self.held[event]

    def begin_capture(self, stream: int) -> None:
        self.captured = []

    def end_capture(self, stream: int) -> Any:
        graph, self.captured = self.captured, None
        self.held[id(graph)] = graph
        return graph

    def launch(self, graph: Any, stream: int) -> None:
        for work in graph:
            self.enqueue(stream, work)

    def destroy_graph(self, graph: Any) -> None:
        del self.held[id(graph)]
