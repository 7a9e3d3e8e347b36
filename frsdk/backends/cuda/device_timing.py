"""Time the steps of calls on a device by events on their stream."""

from __future__ import annotations

import itertools
from typing import Any  # events are objects of the binding, which has no types

import numpy as np

from .device_memory import DeviceMemory
from .device_seconds import DeviceSeconds

_MARKS = 4  # before the copy in, behind it, behind the network, behind the copy out


class DeviceWatch:
    """Events for the parts of a batch, made beforehand; inside `with device.active():`.

    Args:
        device: The GPU.
        parts: How often :meth:`mark` will be called four times.

    Raises:
        BackendError: The GPU failed.
    """

    def __init__(self, device: DeviceMemory, parts: int) -> None:
        self._device = device
        self._events: list[Any] = []
        self._passed = 0
        try:
            for _ in range(parts * _MARKS):
                self._events.append(device.create_event())
        except BaseException:
            self.close()
            raise

    def mark(self, stream: int) -> None:
        """Put the next mark on the stream."""
        self._device.record(self._events[self._passed], stream)
        self._passed += 1

    def seconds(self, call: float) -> DeviceSeconds:
        """The steps' times, summed over the parts; their streams were waited for.

        Args:
            call: The host's time of the whole call.
        """
        steps = np.zeros(_MARKS - 1)
        for part in self._parts():
            steps += [self._device.seconds_between(*pair) for pair in itertools.pairwise(part)]
        copy_in, compute, copy_out = map(float, steps)
        return DeviceSeconds(copy_in, compute, copy_out, call)

    def _parts(self) -> list[list[Any]]:
        starts = range(0, len(self._events), _MARKS)
        return [self._events[start : start + _MARKS] for start in starts]

    def close(self) -> None:
        """Give the events back; a second call does nothing."""
        while self._events:
            self._device.destroy_event(self._events.pop())
