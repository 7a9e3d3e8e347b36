"""Latency and throughput of the network alone, per batch size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from frsdk import FaceReconstructor

from ..measuring.interleaved_timing import Case, Samples, interleaved
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]
OnRound = Callable[[], None]

_LARGE_BATCH = 8  # from here on fewer rounds: one call is long and steady
_STATISTICS = ("mean", "p50", "p90", "p95", "p99", "iqr")


def batch_samples(
    engines: Engines, batches: Sequence[int], rounds: int, on_round: OnRound
) -> dict[int, dict[str, Samples]]:
    """The networks alone, interleaved, per batch size."""
    found = {}
    for batch in batches:
        cases = {name: _network_case(each, batch) for name, each in engines.items()}
        found[batch] = interleaved(cases, rounds=few_rounds(rounds, batch), on_round=on_round)
    return found


def few_rounds(rounds: int, batch: int) -> int:
    """Fewer rounds for large batches."""
    return rounds if batch < _LARGE_BATCH else max(5, rounds * _LARGE_BATCH // (batch * 2))


def _network_case(engine: FaceReconstructor, batch: int) -> Case:
    shape = engine.backend.spec.input.shape
    crops = np.random.default_rng(batch).uniform(-1, 1, (batch, *shape)).astype(np.float32)
    return lambda: engine.backend.run(crops)


def latency_table(samples: Mapping[int, Mapping[str, Samples]]) -> Table:
    """Latency and throughput per batch size; the ratio is to the first engine at that batch."""
    columns = ("engine", "batch", *(f"{name} ms" for name in _STATISTICS), "faces/s", "ratio")
    rows: list[tuple[Cell, ...]] = []
    for batch, cases in samples.items():
        base = next(iter(cases.values()))
        for name, each in cases.items():
            statistics = each.statistics_ms()
            rows.append(
                (
                    name,
                    batch,
                    *(statistics[key] for key in _STATISTICS),
                    batch / statistics["p50"] * 1e3,
                    each.ratio_to(base),
                )
            )
    note = "The network alone. Ratio: to the first engine, median over the rounds."
    return Table("latency", "Latency of the network", columns, rows, note)
