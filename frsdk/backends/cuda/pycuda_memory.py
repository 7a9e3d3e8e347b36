"""Device memory through pycuda, in the primary context that other libraries share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any  # the binding and its objects have no types

import numpy as np

from ...errors import BackendError
from .device_memory import DeviceMemory, FloatArray, GpuInfo, cuda_level, driver_version, no_gpu

_DEVICE = 0
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING


class PycudaMemory(DeviceMemory):
    """CUDA's driver API in the primary context, pushed for each use.

    `autoinit` would make a context of its own, and `autoprimaryctx` leaves the primary one on the
    importing thread: when that has ended, the interpreter's exit aborts.
    """

    def __init__(self) -> None:
        """Find the GPU.

        Raises:
            BackendError: There is none, or the driver is missing.
        """
        try:
            self._cuda = import_module("pycuda.driver")
        except ImportError as error:  # its extension links against the driver's library
            raise no_gpu(str(error)) from error
        try:
            self._cuda.init()
            self._device = self._cuda.Device(_DEVICE)
            major, minor = self._device.compute_capability()
            attribute = self._cuda.device_attribute.MULTIPROCESSOR_COUNT
            self.info = GpuInfo(
                name=str(self._device.name()),
                compute_capability=f"{major}.{minor}",
                cuda_version=cuda_level(self._cuda.get_driver_version()),
                driver_version=driver_version(),
                multiprocessors=int(self._device.get_attribute(attribute)),
            )
        except (self._cuda.Error, RuntimeError) as error:
            raise no_gpu(str(error)) from error
        self._context: Any = None
        self._lock = threading.Lock()
        self._memory: dict[int, Any] = {}
        self._streams: dict[int, Any] = {}

    @contextmanager
    def active(self) -> Iterator[None]:
        """Push the primary context for the calling thread."""
        try:
            with self._lock:
                if self._context is None:
                    self._context = self._device.retain_primary_context()
            self._context.push()
            try:
                yield
            finally:
                self._context.pop()
        except self._cuda.Error as error:
            raise BackendError(
                f"the GPU failed ({error}): free its memory, or restart the process"
            ) from error

    def allocate(self, n_bytes: int) -> int:
        """Device memory; returns its address."""
        memory = self._cuda.mem_alloc(n_bytes)
        self._memory[int(memory)] = memory
        return int(memory)

    def free(self, address: int) -> None:
        """Give device memory back."""
        self._memory.pop(address).free()

    def pinned(self, shape: tuple[int, ...]) -> FloatArray:
        """A page-locked host array."""
        array: FloatArray = self._cuda.pagelocked_empty(shape, np.float32)
        return array

    def free_pinned(self, array: FloatArray) -> None:
        """Give a page-locked array back."""
        memory: Any = array.base
        memory.free()

    def create_stream(self) -> int:
        """A stream that does not wait for the default one."""
        stream = self._cuda.Stream(_NON_BLOCKING)
        self._streams[int(stream.handle)] = stream
        return int(stream.handle)

    def destroy_stream(self, stream: int) -> None:
        """Give a stream back."""
        del self._streams[stream]  # pycuda destroys it with its object

    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        """Start a copy from the host to the device."""
        self._cuda.memcpy_htod_async(address, array, self._streams[stream])

    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        """Start a copy from the device to the host."""
        self._cuda.memcpy_dtoh_async(array, address, self._streams[stream])

    def synchronise(self, stream: int) -> None:
        """Wait until all work of a stream is done."""
        self._streams[stream].synchronize()

    def create_event(self) -> Any:
        """A mark that a stream can pass."""
        return self._cuda.Event()

    def record(self, event: Any, stream: int) -> None:
        """Put a mark behind the stream's work so far."""
        event.record(self._streams[stream])

    def seconds_between(self, begin: Any, end: Any) -> float:
        """The device's time between two marks that were passed."""
        return float(end.time_since(begin)) / 1e3

    def destroy_event(self, event: Any) -> None:
        """Give a mark back: pycuda destroys it with its object."""
