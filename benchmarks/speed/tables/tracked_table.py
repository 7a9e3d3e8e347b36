"""What a tracked frame costs, step by step."""

from __future__ import annotations

from collections.abc import Callable

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import interleaved
from ..measuring.tracked_frame import BASE, SIZES, WHOLE, tracked_cases
from ..reporting.report_tables import Cell, Table


def tracked_table(
    reconstruct: FaceReconstructor,
    photo: Photo,
    rounds: int,
    on_round: Callable[[], None] = lambda: None,
) -> Table:
    """Stages of a tracked frame with one face at common frame sizes, interleaved."""
    rows: list[tuple[Cell, ...]] = []
    for name, size_wh in SIZES.items():
        cases = tracked_cases(reconstruct, photo, size_wh)
        if not cases:
            continue
        samples = interleaved(cases, rounds=rounds, on_round=on_round)
        base = samples[BASE]
        rows += [
            (name, stage, each.median_ms, each.ratio_to(base)) for stage, each in samples.items()
        ]
    note = (
        f"One face, tracked, no detection. {WHOLE}: all of FaceTracker's call. Ratio: to {BASE} in "
        "the same rounds."
    )
    return Table("tracked", "A tracked frame", ("frame", "stage", "p50 ms", "ratio"), rows, note)
