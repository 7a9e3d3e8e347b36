"""Device memory through cuda-python (`cuda.bindings.driver`)."""

from __future__ import annotations

import ctypes
import math
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any  # the binding and its objects have no types

import numpy as np

from ...errors import BackendError
from .cuda_driver import gpu_obstacle
from .device_memory import DeviceMemory, FloatArray, GpuInfo, cuda_level, driver_version, no_gpu

_DEVICE = 0
_LONGEST_NAME = 256
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING


class CudaPythonMemory(DeviceMemory):
    """CUDA's driver API in the primary context, which TensorRT and PyTorch use too.

    The runtime API of this package brings a CUDA of its own, which an older driver refuses.
    """

    has_graphs = True

    def __init__(self) -> None:
        """Find the GPU.

        Raises:
            BackendError: There is none, or the driver is missing.
        """
        obstacle = gpu_obstacle()
        if obstacle is not None:
            raise no_gpu(obstacle)
        self._cuda = import_module("cuda.bindings.driver")
        (code,) = self._cuda.cuInit(0)
        if code != self._cuda.CUresult.CUDA_SUCCESS:
            raise no_gpu(self._reason(code))
        self._device = self._call("cuDeviceGet", _DEVICE)
        self.info = self._info()
        self._context: Any = None
        self._lock = threading.Lock()

    def _info(self) -> GpuInfo:
        attributes = self._cuda.CUdevice_attribute
        major, minor, multiprocessors = (
            int(self._call("cuDeviceGetAttribute", each, self._device))
            for each in (
                attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                attributes.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
                attributes.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT,
            )
        )
        name = self._call("cuDeviceGetName", _LONGEST_NAME, self._device)
        return GpuInfo(
            name=name.split(b"\0")[0].decode() if isinstance(name, bytes) else str(name),
            compute_capability=f"{major}.{minor}",
            cuda_version=cuda_level(self._call("cuDriverGetVersion")),
            driver_version=driver_version(),
            multiprocessors=multiprocessors,
        )

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make the primary context the calling thread's, and give back the one that it had."""
        self._call("cuCtxPushCurrent", self._primary())
        try:
            yield
        finally:
            self._call("cuCtxPopCurrent")

    def _primary(self) -> Any:
        """The primary context: retained at first use, released with this object."""
        with self._lock:
            if self._context is None:
                self._context = self._call("cuDevicePrimaryCtxRetain", self._device)
                release = self._cuda.cuDevicePrimaryCtxRelease
                # Not at the interpreter's end: CUDA may be gone by then.
                weakref.finalize(self, release, self._device).atexit = False
            return self._context

    def allocate(self, n_bytes: int) -> int:
        """Device memory; returns its address."""
        return int(self._call("cuMemAlloc", n_bytes))

    def free(self, address: int) -> None:
        """Give device memory back."""
        self._call("cuMemFree", address)

    def pinned(self, shape: tuple[int, ...]) -> FloatArray:
        """A page-locked host array."""
        length = math.prod(shape)
        address = int(self._call("cuMemHostAlloc", length * 4, 0))
        memory = (ctypes.c_float * length).from_address(address)
        array: FloatArray = np.ctypeslib.as_array(memory).reshape(shape)  # (length,) -> shape
        return array

    def free_pinned(self, array: FloatArray) -> None:
        """Give a page-locked array back."""
        self._call("cuMemFreeHost", array.ctypes.data)

    def create_stream(self) -> int:
        """A stream that does not wait for the default one."""
        return int(self._call("cuStreamCreate", _NON_BLOCKING))

    def destroy_stream(self, stream: int) -> None:
        """Give a stream back."""
        self._call("cuStreamDestroy", stream)

    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        """Start a copy from the host to the device."""
        self._call("cuMemcpyHtoDAsync", address, array.ctypes.data, array.nbytes, stream)

    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        """Start a copy from the device to the host."""
        self._call("cuMemcpyDtoHAsync", array.ctypes.data, address, array.nbytes, stream)

    def synchronise(self, stream: int) -> None:
        """Wait until all work of a stream is done."""
        self._call("cuStreamSynchronize", stream)

    def create_event(self) -> Any:
        """A mark that a stream can pass."""
        return self._call("cuEventCreate", 0)

    def record(self, event: Any, stream: int) -> None:
        """Put a mark behind the stream's work so far."""
        self._call("cuEventRecord", event, stream)

    def seconds_between(self, begin: Any, end: Any) -> float:
        """The device's time between two marks that were passed."""
        return float(self._call("cuEventElapsedTime", begin, end)) / 1e3

    def destroy_event(self, event: Any) -> None:
        """Give a mark back."""
        self._call("cuEventDestroy", event)

    def begin_capture(self, stream: int) -> None:
        """Record the stream's work instead of doing it."""
        mode = self._cuda.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL
        self._call("cuStreamBeginCapture", stream, mode)

    def end_capture(self, stream: int) -> Any:
        """End the recording; returns a graph that can be launched."""
        graph = self._call("cuStreamEndCapture", stream)
        try:
            return self._call("cuGraphInstantiate", graph, 0)
        finally:
            self._call("cuGraphDestroy", graph)

    def launch(self, graph: Any, stream: int) -> None:
        """Start the recorded work."""
        self._call("cuGraphLaunch", graph, stream)

    def destroy_graph(self, graph: Any) -> None:
        """Give a graph back."""
        self._call("cuGraphExecDestroy", graph)

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call a function; its code becomes an error, its value is returned."""
        code, *values = getattr(self._cuda, name)(*arguments)
        if code != self._cuda.CUresult.CUDA_SUCCESS:
            raise BackendError(
                f"the GPU failed in {name} ({self._reason(code)}): free its memory, or restart the "
                "process"
            )
        return values[0] if values else None

    def _reason(self, code: Any) -> str:
        _, text = self._cuda.cuGetErrorString(code)
        return text.decode() if isinstance(text, bytes) else str(text or code)
