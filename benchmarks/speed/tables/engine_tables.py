"""Latency, stages, many faces, drift and cold start of the engines under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.cold_start import measure_cold_start
from ..measuring.engine_drift import N_CROPS, drift_percent
from ..measuring.engines_under_test import Variant
from ..measuring.pipeline_stages import STAGES, many_faces_case, stage_cases, whole_case
from ..measuring.power_draw import measure_power
from ..measuring.timing import Case, Samples, interleaved
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]
OnRound = Callable[[], None]

FACE_COUNTS = (1, 4, 16, 64)
_LARGE_BATCH = 8  # from here on fewer rounds: one call is long and steady
_STATISTICS = ("mean", "p50", "p90", "p95", "p99", "iqr")


def engines_table(engines: Engines) -> Table:
    """What really runs: backend, device, arithmetic and file."""
    rows: list[tuple[Cell, ...]] = [
        (name, each.backend.arithmetic, each.backend.name) for name, each in engines.items()
    ]
    note = "\n".join(f"{name}: {each.engine}" for name, each in engines.items())
    return Table("engines", "Engines", ("engine", "arithmetic", "backend"), rows, note)


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


def stages_table(engines: Engines, photo: Photo, rounds: int, on_round: OnRound) -> Table:
    """Each step of one photograph with one face, and its share."""
    columns = ("stage", *(f"{name} {unit}" for name in engines for unit in ("ms", "%")))
    found = []
    for engine in engines.values():
        cases = stage_cases(engine, photo)
        found.append(interleaved(cases, rounds=rounds, on_round=on_round))
    totals = [sum(each[stage].median_ms for stage in STAGES) for each in found]
    rows: list[tuple[Cell, ...]] = []
    for stage in STAGES:
        cells: list[Cell] = [stage]
        for each, total in zip(found, totals, strict=True):
            cells += [each[stage].median_ms, each[stage].median_ms / total * 100]
        rows.append(tuple(cells))
    sums: list[Cell] = ["all"]
    for total in totals:
        sums += [total, 100.0]
    rows.append(tuple(sums))
    model = next(iter(engines.values())).face_model
    note = f"{photo.name}; {model.n_vertices} dense vertices; p50 of each stage."
    return Table("stages", "Stages of one photograph", columns, rows, note)


def faces_table(engines: Engines, photo: Photo, rounds: int, on_round: OnRound) -> Table:
    """Cost per face of crop, network, landmarks and dense vertices with the number of faces."""
    columns = ("engine", "faces", "p50 ms", "per face ms", "ratio to one face")
    rows: list[tuple[Cell, ...]] = []
    few = max(5, rounds // 8)
    for name, engine in engines.items():
        cases = {str(n): many_faces_case(engine, photo, n) for n in FACE_COUNTS}
        cases["1"] = whole_case(engine, photo)
        samples = interleaved(cases, rounds=few, on_round=on_round)
        for count in FACE_COUNTS:
            each = samples[str(count)]
            ratio = each.ratio_to(samples["1"]) / count
            rows.append((name, count, each.median_ms, each.median_ms / count, ratio))
    note = "One photograph, one engine call, dense vertices of all faces into one buffer."
    return Table("faces", "Many faces at once", columns, rows, note)


def drift_table(engines: Engines, reference: FaceReconstructor, photo: Photo) -> Table:
    """Landmarks against FP32's."""
    rows: list[tuple[Cell, ...]] = [
        (name, drift_percent(each, reference, photo)) for name, each in engines.items()
    ]
    note = f"Mean NME to FP32's landmarks over {N_CROPS} jittered crops of {photo.name}."
    return Table("drift", "Drift against FP32", ("engine", "NME drift %"), rows, note)


def cold_table(variants: Sequence[Variant]) -> Table:
    """New processes."""
    columns = ("engine", "import ms", "load ms", "first face ms", "peak memory MiB")
    rows: list[tuple[Cell, ...]] = []
    for variant in variants:
        cold = measure_cold_start(variant)
        row = (cold.import_ms, cold.load_ms, cold.first_face_ms, cold.peak_mib)
        rows.append((variant.name, *row))
    note = "Medians of three new processes; the first face includes its dense vertices."
    return Table("cold_start", "Cold start", columns, rows, note)


def power_table(engines: Engines, photo: Photo) -> Table | None:
    """Power and energy per face; None where the machine does not tell."""
    rows: list[tuple[Cell, ...]] = []
    source = ""
    for name, engine in engines.items():
        power = measure_power(whole_case(engine, photo))
        if power is None:
            return None
        source = power.source
        rows.append((name, power.watts, power.joules_per_call * 1e3))
    columns = ("engine", "mean W", "mJ per face")
    return Table("power", "Power", columns, rows, f"Read by {source}, whole chain per face.")
