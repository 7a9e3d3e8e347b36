"""The stages of one photograph, and their shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import interleaved
from ..measuring.pipeline_stages import STAGES, stage_cases
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]
OnRound = Callable[[], None]


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
