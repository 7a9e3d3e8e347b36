"""The options of `frsdk serve`, their defaults and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # options of a reconstructor by name

from ..errors import InputError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """How the service runs.

    Attributes:
        reconstructor: Options of :class:`~frsdk.FaceReconstructor` by name.
        host: Address to bind.
        port: Port; 0 takes a free one.
        workers: Processes that reconstruct.
        num_cpus: Of a worker, as Ray counts them.
        num_gpus: Of a worker.
        batch_size: Pictures of several requests that one call takes, at most.
        batch_wait_ms: How long the first picture of a call waits for others.
        max_bytes: Of a request's body; more is answered with 413.
        max_pixels: Of a picture; more is answered with 413.
        max_waiting: Requests at a time; more are answered with 503.
        body_seconds: A body has to arrive within this; otherwise 408.
        drain_seconds: Requests that run get this to end at shutdown.
        address: Of a Ray cluster; None: the one that the program is in, or a local one.
    """

    reconstructor: Mapping[str, Any] = field(default_factory=dict)
    host: str = LOOPBACK
    port: int = 8000
    workers: int = 1
    num_cpus: float = 0.5
    num_gpus: float = 0.0
    batch_size: int = 8
    batch_wait_ms: float = 2.0
    max_bytes: int = 20_000_000
    max_pixels: int = 25_000_000
    max_waiting: int = 256
    body_seconds: float = 20.0
    drain_seconds: float = 30.0
    address: str | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("workers", "batch_size", "max_bytes", "max_pixels", "max_waiting"):
            if getattr(self, name) < 1:
                raise InputError(f"expected {name} of at least 1, got {getattr(self, name)}")
        if not 0 <= self.port <= 65535:
            raise InputError(f"expected a port of 0 to 65535, got {self.port}")
