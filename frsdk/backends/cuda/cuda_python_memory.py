"""Device memory through cuda-python (`cuda.bindings.runtime`)."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any  # the binding and its objects have no types

import numpy as np

from ...errors import BackendError
from .device_memory import DeviceMemory, FloatArray, GpuInfo, cuda_level, driver_version, no_gpu

_DEVICE = 0


class CudaPythonMemory(DeviceMemory):
    """CUDA's runtime API, which works in the primary context by itself."""

    def __init__(self) -> None:
        """Find the GPU.

        Raises:
            BackendError: There is none, or the driver is missing or too old.
        """
        self._cuda = import_module("cuda.bindings.runtime")
        code, count = self._cuda.cudaGetDeviceCount()
        if code != self._cuda.cudaError_t.cudaSuccess:
            raise no_gpu(self._reason(code))
        if count < 1:
            raise no_gpu("CUDA shows no device")
        properties = self._call("cudaGetDeviceProperties", _DEVICE)
        name = properties.name
        self.info = GpuInfo(
            name=name.decode() if isinstance(name, bytes) else str(name),
            compute_capability=f"{properties.major}.{properties.minor}",
            cuda_version=cuda_level(self._call("cudaDriverGetVersion")),
            driver_version=driver_version(),
        )

    @contextmanager
    def active(self) -> Iterator[None]:
        """Choose the GPU for the calling thread, and give it back the one that it had."""
        before = self._call("cudaGetDevice")
        self._call("cudaSetDevice", _DEVICE)
        try:
            yield
        finally:
            self._call("cudaSetDevice", before)

    def allocate(self, n_bytes: int) -> int:
        """Device memory; returns its address."""
        return int(self._call("cudaMalloc", n_bytes))

    def free(self, address: int) -> None:
        """Give device memory back."""
        self._call("cudaFree", address)

    def pinned(self, shape: tuple[int, ...]) -> FloatArray:
        """A page-locked host array."""
        length = math.prod(shape)
        address = int(self._call("cudaHostAlloc", length * 4, 0))
        memory = (ctypes.c_float * length).from_address(address)
        array: FloatArray = np.ctypeslib.as_array(memory).reshape(shape)  # (length,) -> shape
        return array

    def free_pinned(self, array: FloatArray) -> None:
        """Give a page-locked array back."""
        self._call("cudaFreeHost", array.ctypes.data)

    def create_stream(self) -> int:
        """A stream that does not wait for the default one."""
        return int(self._call("cudaStreamCreateWithFlags", self._cuda.cudaStreamNonBlocking))

    def destroy_stream(self, stream: int) -> None:
        """Give a stream back."""
        self._call("cudaStreamDestroy", stream)

    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        """Start a copy from the host to the device."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call("cudaMemcpyAsync", address, array.ctypes.data, array.nbytes, kind, stream)

    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        """Start a copy from the device to the host."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call("cudaMemcpyAsync", array.ctypes.data, address, array.nbytes, kind, stream)

    def synchronise(self, stream: int) -> None:
        """Wait until all work of a stream is done."""
        self._call("cudaStreamSynchronize", stream)

    def create_event(self) -> Any:
        """A mark that a stream can pass."""
        return self._call("cudaEventCreate")

    def record(self, event: Any, stream: int) -> None:
        """Put a mark behind the stream's work so far."""
        self._call("cudaEventRecord", event, stream)

    def seconds_between(self, begin: Any, end: Any) -> float:
        """The device's time between two marks that were passed."""
        return float(self._call("cudaEventElapsedTime", begin, end)) / 1e3

    def destroy_event(self, event: Any) -> None:
        """Give a mark back."""
        self._call("cudaEventDestroy", event)

    def begin_capture(self, stream: int) -> None:
        """Record the stream's work instead of doing it."""
        mode = self._cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", stream, mode)

    def end_capture(self, stream: int) -> Any:
        """End the recording; returns a graph that can be launched."""
        graph = self._call("cudaStreamEndCapture", stream)
        try:
            return self._call("cudaGraphInstantiate", graph, 0)
        finally:
            self._call("cudaGraphDestroy", graph)

    def launch(self, graph: Any, stream: int) -> None:
        """Start the recorded work."""
        self._call("cudaGraphLaunch", graph, stream)

    def destroy_graph(self, graph: Any) -> None:
        """Give a graph back."""
        self._call("cudaGraphExecDestroy", graph)

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call a function; its code becomes an error, its value is returned."""
        code, *values = getattr(self._cuda, name)(*arguments)
        if code != self._cuda.cudaError_t.cudaSuccess:
            raise BackendError(
                f"the GPU failed in {name} ({self._reason(code)}): free its memory, or restart the "
                "process"
            )
        return values[0] if values else None

    def _reason(self, code: Any) -> str:
        _, text = self._cuda.cudaGetErrorString(code)
        return text.decode() if isinstance(text, bytes) else str(text)
