"""Textures, pictures and mesh files: their time beside the network's."""

from __future__ import annotations

from collections.abc import Callable

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import interleaved
from ..measuring.output_cases import NETWORK, PICTURE_SIDE, output_cases
from ..reporting.report_tables import Cell, Table


def output_table(
    engine: FaceReconstructor, photo: Photo, rounds: int, on_round: Callable[[], None]
) -> Table | None:
    """Each output of one face, and its ratio to the network in the same rounds.

    None for a face model without a surface or texture coordinates.
    """
    if not len(engine.face_model.triangles) or not len(engine.face_model.uv):
        return None
    with output_cases(engine, photo) as cases:
        samples = interleaved(cases, rounds=max(5, rounds // 4), on_round=on_round)
    rows: list[tuple[Cell, ...]] = [
        (name, each.median_ms, each.ratio_to(samples[NETWORK])) for name, each in samples.items()
    ]
    note = f"One face that fills {PICTURE_SIDE} x {PICTURE_SIDE}; ratio: to the network, batch 1."
    return Table("outputs", "What a face gives", ("output", "p50 ms", "ratio"), rows, note)
