"""The little of CUDA that an engine needs: memory, one stream, copies, graphs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # events and graphs are objects of the binding, which has no types

import numpy as np
from numpy.typing import NDArray

from ...errors import BackendError

FloatArray = NDArray[np.float32]

_DRIVER_FILE = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """The GPU of this machine.

    Attributes:
        name: As the driver calls it.
        compute_capability: Architecture, such as ``"8.6"``.
        cuda_version: The latest CUDA that the driver serves, such as ``"13.0"``.
        driver_version: The driver's release; None where the system does not say.
        multiprocessors: How many it has: the modules of one family share name and architecture.
    """

    name: str
    compute_capability: str
    cuda_version: str
    driver_version: str | None = None
    multiprocessors: int | None = None


class DeviceMemory(ABC):
    """One GPU through one binding of CUDA.

    Every method but :attr:`info` is called inside `with device.active():`, which also turns the
    binding's errors into :class:`~frsdk.errors.BackendError`. Addresses and streams are integers,
    as TensorRT takes them. Copies are asynchronous: the host array belongs to the copy until
    :meth:`synchronise`, and comes from :meth:`pinned`.
    """

    info: GpuInfo
    has_graphs = False
    """Whether work can be recorded: without it the last four methods raise."""

    @abstractmethod
    def active(self) -> AbstractContextManager[None]:
        """Make the GPU's primary context the calling thread's."""

    @abstractmethod
    def allocate(self, n_bytes: int) -> int:
        """Device memory; returns its address."""

    @abstractmethod
    def free(self, address: int) -> None:
        """Give device memory back."""

    @abstractmethod
    def pinned(self, shape: tuple[int, ...]) -> FloatArray:
        """A page-locked host array; contiguous float32."""

    @abstractmethod
    def free_pinned(self, array: FloatArray) -> None:
        """Give a page-locked array back; it must not be touched afterwards."""

    @abstractmethod
    def create_stream(self) -> int:
        """A stream that does not wait for the default one."""

    @abstractmethod
    def destroy_stream(self, stream: int) -> None:
        """Give a stream back."""

    @abstractmethod
    def copy_in(self, address: int, array: FloatArray, stream: int) -> None:
        """Start a copy from the host to the device."""

    @abstractmethod
    def copy_out(self, array: FloatArray, address: int, stream: int) -> None:
        """Start a copy from the device to the host."""

    @abstractmethod
    def synchronise(self, stream: int) -> None:
        """Wait until all work of a stream is done."""

    @abstractmethod
    def create_event(self) -> Any:
        """A mark that a stream can pass, which keeps the device's time of it."""

    @abstractmethod
    def record(self, event: Any, stream: int) -> None:
        """Put a mark behind the stream's work so far."""

    @abstractmethod
    def seconds_between(self, begin: Any, end: Any) -> float:
        """The device's time between two marks that were passed, to about half a microsecond."""

    @abstractmethod
    def destroy_event(self, event: Any) -> None:
        """Give a mark back."""

    def begin_capture(self, stream: int) -> None:
        """Record the stream's work instead of doing it."""
        raise no_graphs()

    def end_capture(self, stream: int) -> Any:
        """End the recording; returns a graph that can be launched."""
        raise no_graphs()

    def launch(self, graph: Any, stream: int) -> None:
        """Start the recorded work."""
        raise no_graphs()

    def destroy_graph(self, graph: Any) -> None:
        """Give a graph back."""
        raise no_graphs()


def no_graphs() -> BackendError:
    """The error for a binding that cannot record."""
    return BackendError(
        "pycuda has no CUDA graphs: pip install cuda-bindings, or leave cuda_graph out"
    )


def no_gpu(reason: str) -> BackendError:
    """The error for a machine on which CUDA does not start."""
    return BackendError(
        f"no usable NVIDIA GPU here ({reason}): install the driver, or use a CPU engine (.onnx)"
    )


def driver_version() -> str | None:
    """The release of the NVIDIA driver, such as ``580.65.06``; None where Linux does not say it."""
    try:
        words = _DRIVER_FILE.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    return next((word for word in words if word.replace(".", "").isdigit() and "." in word), None)


def cuda_level(number: int) -> str:
    """``13.0`` from CUDA's own 13000."""
    return f"{number // 1000}.{number % 1000 // 10}"
