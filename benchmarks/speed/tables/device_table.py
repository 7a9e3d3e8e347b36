"""Where an engine's time goes on a device, by the device's own clock."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from frsdk import FaceReconstructor
from frsdk.backends.backend import Backend
from frsdk.backends.cuda.device_seconds import DeviceSeconds

from ..measuring.interleaved_timing import Case, interleaved
from ..reporting.report_tables import Cell, Table
from .latency_table import OnRound, few_rounds

_COLUMNS = ("engine", "batch", "copy in ms", "compute ms", "copy out ms", "call ms", "rest ms")
_NOTE = (
    "Copies and network by events on the device's stream, call by the host's clock in the same "
    "runs, which waits for the stream; rest: the host's copies, first launch and wake-up. A step "
    "has the gap before the next one's launch. Medians; CUDA graphs are off. Compute is what "
    "trtexec calls GPU Compute Time."
)


def device_table(
    engines: Mapping[str, FaceReconstructor],
    batches: Sequence[int],
    rounds: int,
    on_round: OnRound,
) -> Table | None:
    """Host to device, network and device to host, interleaved, per batch size.

    Returns:
        None where no engine runs on a device that tells.
    """
    told = {name: each.backend for name, each in engines.items() if _tells(each.backend)}
    if not told:
        return None
    rows: list[tuple[Cell, ...]] = []
    for batch in batches:
        found: dict[str, list[DeviceSeconds]] = {name: [] for name in told}
        cases = {name: _case(each, batch, found[name]) for name, each in told.items()}
        count = few_rounds(rounds, batch)
        interleaved(cases, rounds=count, on_round=on_round)
        rows += [(name, batch, *_medians_ms(each[-count:])) for name, each in found.items()]
    return Table("device", "Times on the device", _COLUMNS, rows, _NOTE)


def _tells(backend: Backend) -> bool:
    return backend.device_seconds(_crops(backend, 1)) is not None


def _case(backend: Backend, batch: int, found: list[DeviceSeconds]) -> Case:
    crops = _crops(backend, batch)

    def run() -> None:
        spent = backend.device_seconds(crops)
        if spent is not None:
            found.append(spent)

    return run


def _crops(backend: Backend, batch: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    shape = (batch, *backend.spec.input.shape)
    return np.random.default_rng(batch).uniform(-1, 1, shape).astype(np.float32)


def _medians_ms(spent: Sequence[DeviceSeconds]) -> tuple[float, ...]:
    parts = [(each.copy_in, each.compute, each.copy_out, each.call) for each in spent]
    rows = [(*each, each[3] - sum(each[:3])) for each in parts]
    return tuple(statistics.median(column) * 1e3 for column in zip(*rows, strict=True))
