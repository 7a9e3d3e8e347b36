"""Start of a new process: import, load, first face, peak memory."""

from __future__ import annotations

from collections.abc import Sequence

from ..measuring.cold_start import measure_cold_start
from ..measuring.engines_under_test import Variant
from ..reporting.report_tables import Cell, Table


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
