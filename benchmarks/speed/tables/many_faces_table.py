"""Cost per face with the number of faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import interleaved
from ..measuring.pipeline_stages import many_faces_case, whole_case
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]
OnRound = Callable[[], None]

FACE_COUNTS = (1, 4, 16, 64)


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
