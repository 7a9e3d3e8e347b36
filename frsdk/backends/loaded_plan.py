"""What a loaded plan holds on a device, and the order in which it is given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # TensorRT's objects have no types

from ..errors import BackendError
from .cuda.device_memory import DeviceMemory
from .cuda.engine_buffers import EngineBuffers
from .runtime_kernels import RuntimeKernels


class LoadedPlan:
    """Runtime, engine, contexts and recorded work of one plan, and its memory.

    Attributes:
        engine: TensorRT's engine; None after the release.
        contexts: One execution context a profile.
        kernels: Those compiled at run time; None where the flavour compiles none.
        recorded: Context and graph by batch size and number of outputs.
    """

    def __init__(
        self, device: DeviceMemory, buffers: EngineBuffers, runtime: Any, engine: Any
    ) -> None:
        self._device, self._buffers, self._runtime = device, buffers, runtime
        self.engine: Any = engine
        self.contexts: list[Any] = []
        self.kernels: RuntimeKernels | None = None
        self.recorded: dict[tuple[int, int], tuple[Any, Any]] = {}

    def release(self) -> None:
        """Give everything back, whatever fails on the way.

        Raises:
            BackendError: The first failure, after all the rest was given back.
        """
        failures: list[BackendError] = []

        def attempt(step: Callable[[], None]) -> None:
            try:
                step()
            except BackendError as error:
                failures.append(error)

        with self._device.active():
            attempt(lambda: self._device.synchronise(self._buffers.stream))
            while self.recorded:
                attempt(self._drop_recording)
            if self.kernels is not None:
                self.kernels.keep()
            # In this order: a context needs its engine, an engine its runtime, all the memory.
            self.contexts.clear()
            self.kernels = None
            self.engine = self._runtime = None
            attempt(self._buffers.release)
        if failures:
            raise failures[0]

    def _drop_recording(self) -> None:
        """Destroy one graph; in a frame of its own, so that no variable outlives the stream."""
        _, (_, graph) = self.recorded.popitem()
        self._device.destroy_graph(graph)
