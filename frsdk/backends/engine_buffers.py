"""The memory of one engine: pinned host arrays, device arrays and the stream between them."""

from __future__ import annotations

import math

from ..spec import ModelSpec
from .device_memory import DeviceMemory

_FLOAT_BYTES = 4


class EngineBuffers:
    """Room for the largest batch, on the host and on the device.

    Made and released inside `with device.active():`.

    Attributes:
        host_input: (maximum, 3, size, size) page-locked.
        host_output: (maximum, 62) page-locked.
        input_address: Device memory of the input.
        output_address: Device memory of the output.
        stream: The stream of all work.
    """

    def __init__(self, device: DeviceMemory, spec: ModelSpec, maximum: int) -> None:
        """Take the memory.

        Raises:
            BackendError: The GPU has too little; what was taken is given back.
        """
        self._device = device
        self._taken: list[tuple[str, int]] = []
        self._pinned = []
        shapes = ((maximum, *spec.input.shape), (maximum, *spec.output.shape))
        try:
            self.stream = device.create_stream()
            self._taken.append(("stream", self.stream))
            self.input_address, self.output_address = (self._allocate(each) for each in shapes)
            for shape in shapes:
                self._pinned.append(device.pinned(shape))
        except BaseException:
            self.release()
            raise
        self.host_input, self.host_output = self._pinned

    def _allocate(self, shape: tuple[int, ...]) -> int:
        address = self._device.allocate(math.prod(shape) * _FLOAT_BYTES)
        self._taken.append(("memory", address))
        return address

    def release(self) -> None:
        """Give everything back; a second call does nothing."""
        while self._pinned:
            self._device.free_pinned(self._pinned.pop())
        while self._taken:
            kind, handle = self._taken.pop()
            (self._device.free if kind == "memory" else self._device.destroy_stream)(handle)
