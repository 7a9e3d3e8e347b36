"""What an engine gives at every batch size that it was tuned for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from frsdk.backends.backend import Backend
from frsdk.engine_files.engine_header import BatchProfile
from frsdk.imaging.face_crop import network_input

from .accuracy_gate import NetworkOutputs

Crops = NDArray[np.uint8]


def sizes_to_measure(profiles: Sequence[BatchProfile]) -> list[int]:
    """The least, tuned and largest batch of every profile: each has kernels of its own."""
    return sorted({size for each in profiles for size in each.sizes})


def outputs_in_batches(backend: Backend, crops: Crops, size: int) -> NetworkOutputs:
    """Run an engine on all crops in batches of exactly one size.

    Args:
        backend: The open engine.
        crops: (n, side, side, 3) uint8 BGR; the last batch begins again with the first ones.
        size: Crops of a batch.
    """
    decodes = backend.spec.decoder is not None
    parts: list[tuple[NDArray[np.float32], ...]] = []
    for start in range(0, len(crops), size):
        indices = np.arange(start, start + size) % len(crops)
        batch = network_input(list(crops[indices]), backend.spec.input)
        if decodes:
            found = backend.run_decoded(batch)
            parts.append((found.whitened, found.landmarks, found.vertices))
        else:
            parts.append((backend.run(batch),))
    joined = (np.concatenate(each)[: len(crops)] for each in zip(*parts, strict=True))
    return NetworkOutputs(*joined)
