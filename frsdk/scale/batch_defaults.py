"""The options of `frsdk batch` and `reconstruct_dataset`, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # options of a reconstructor by name

from ..imaging.read_image import DEFAULT_MAX_PIXELS

# As many half CPUs as there are CPUs: the rest is for what reads the data set. With one CPU an
# actor Ray Data would wait for ever for one to read with.
DEFAULT_CPUS = 0.5
DEFAULT_BATCH_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a batch runs.

    Attributes:
        reconstructor: Options of :class:`~frsdk.FaceReconstructor` by name.
        actors: Processes; None: as many as the cluster has CPUs or GPUs for.
        num_cpus: Of an actor.
        num_gpus: Of an actor.
        batch_size: Pictures of one call.
        max_pixels: Pictures with more pixels are refused.
        address: Of a Ray cluster; None: the one that the program is in, or a local one.
    """

    reconstructor: Mapping[str, Any] = field(default_factory=dict)
    actors: int | None = None
    num_cpus: float = DEFAULT_CPUS
    num_gpus: float = 0.0
    batch_size: int = DEFAULT_BATCH_SIZE
    max_pixels: int = DEFAULT_MAX_PIXELS
    address: str | None = None
