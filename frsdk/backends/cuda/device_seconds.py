"""Where a call on a device spent its time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceSeconds:
    """Where one call's time went on a device that works beside the CPU.

    Attributes:
        copy_in: Host to device, by the device's clock; like the next two with the gap before the
            next step, in which the device waits for the host to launch it.
        compute: The network, and its decoder where it has one.
        copy_out: Device to host, of all outputs.
        call: The whole call by the host's clock, which began before the first of these and ended
            after the last: beyond their sum it has the host's own copies, the first launch and the
            wake-up at the end.
    """

    copy_in: float
    compute: float
    copy_out: float
    call: float
