"""The memory of one engine: pinned host arrays, device arrays and the stream between them."""

from __future__ import annotations

import math

from ...errors import BackendError
from ...specs.model_spec import ModelSpec
from .device_memory import DeviceMemory, FloatArray

_FLOAT_BYTES = 4


class EngineBuffers:
    """Room for the largest batch, on the host and on the device.

    Made and released inside `with device.active():`.

    Attributes:
        host: Tensor name -> (maximum, ...) page-locked.
        addresses: Tensor name -> device memory of the same size.
        stream: The stream of all work.
    """

    def __init__(self, device: DeviceMemory, spec: ModelSpec, maximum: int) -> None:
        """Take the memory.

        Raises:
            BackendError: The GPU has too little; what was taken is given back.
        """
        self._device = device
        self._taken: list[tuple[str, int]] = []
        self.host: dict[str, FloatArray] = {}
        self.addresses: dict[str, int] = {}
        try:
            self.stream = device.create_stream()
            self._taken.append(("stream", self.stream))
            for name, shape in {spec.input.name: spec.input.shape, **spec.output_shapes}.items():
                self.addresses[name] = device.allocate(maximum * math.prod(shape) * _FLOAT_BYTES)
                self._taken.append(("memory", self.addresses[name]))
                self.host[name] = device.pinned((maximum, *shape))
        except BaseException:
            self.release()
            raise

    def copy_in(self, name: str, count: int) -> None:
        """Start the copy of the first `count` rows of a tensor to the device."""
        self._device.copy_in(self.addresses[name], self.host[name][:count], self.stream)

    def copy_out(self, name: str, count: int) -> None:
        """Start the copy of the first `count` rows of a tensor to the host."""
        self._device.copy_out(self.host[name][:count], self.addresses[name], self.stream)

    def release(self) -> None:
        """Give everything back, whatever fails on the way; a second call does nothing.

        Raises:
            BackendError: The first failure, after all the rest was given back.
        """
        failures: list[BackendError] = []
        while self.host or self._taken:
            try:
                if self.host:
                    self._device.free_pinned(self.host.popitem()[1])
                    continue
                kind, handle = self._taken.pop()
                (self._device.free if kind == "memory" else self._device.destroy_stream)(handle)
            except BackendError as error:
                failures.append(error)
        if failures:
            raise failures[0]
