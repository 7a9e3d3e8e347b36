"""Time the parts of a call on a device by events on its stream."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any  # events are objects of the binding, which has no types

import numpy as np

from .base import DeviceSeconds
from .device_memory import DeviceMemory

_STEPS = 3  # copy in, compute, copy out


class DeviceWatch:
    """Sums the device's times over the parts of a batch, inside `with device.active():`."""

    def __init__(self, device: DeviceMemory) -> None:
        self._device = device
        self._seconds = np.zeros(_STEPS)

    @contextmanager
    def part(self, stream: int) -> Iterator[Callable[[], None]]:
        """Time a part: the block puts its work on the stream and calls the mark behind each step.

        The stream is waited for at the end of the block.
        """
        events: list[Any] = []

        def mark() -> None:
            events.append(self._device.create_event())
            self._device.record(events[-1], stream)

        try:
            mark()
            yield mark
            self._device.synchronise(stream)
            pairs = itertools.pairwise(events)
            self._seconds += [self._device.seconds_between(*pair) for pair in pairs]
        finally:
            for event in events:
                self._device.destroy_event(event)

    def seconds(self, call: float) -> DeviceSeconds:
        """The sums, and the host's time of the whole call."""
        copy_in, compute, copy_out = map(float, self._seconds)
        return DeviceSeconds(copy_in, compute, copy_out, call)
