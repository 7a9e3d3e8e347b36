"""Drift of the engines against FP32."""

from __future__ import annotations

from collections.abc import Mapping

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.engine_drift import N_CROPS, drift_percent
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]


def drift_table(engines: Engines, reference: FaceReconstructor, photo: Photo) -> Table:
    """Landmarks against FP32's."""
    rows: list[tuple[Cell, ...]] = [
        (name, drift_percent(each, reference, photo)) for name, each in engines.items()
    ]
    note = f"Mean NME to FP32's landmarks over {N_CROPS} jittered crops of {photo.name}."
    return Table("drift", "Drift against FP32", ("engine", "NME drift %"), rows, note)
