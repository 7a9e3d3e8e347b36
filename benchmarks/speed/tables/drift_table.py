"""Drift of the engines against FP32."""

from __future__ import annotations

from collections.abc import Mapping

from frsdk import FaceReconstructor

from ..measuring.bench_photo import Photo
from ..measuring.engine_drift import N_CROPS, drift_percent
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]


def drift_table(engines: Engines, reference: FaceReconstructor, photo: Photo) -> Table | None:
    """Landmarks against FP32's, of the engines of that network; None where there is none."""
    rows: list[tuple[Cell, ...]] = [
        (name, drift_percent(each, reference, photo))
        for name, each in engines.items()
        if _same_network(each, reference)
    ]
    if not rows:
        return None
    note = (
        f"Mean NME to FP32's landmarks over {N_CROPS} jittered crops of {photo.name}, of the "
        "built-in network's engines."
    )
    return Table("drift", "Drift against FP32", ("engine", "NME drift %"), rows, note)


def _same_network(engine: FaceReconstructor, reference: FaceReconstructor) -> bool:
    """Whether two engines came out of one training: its whitening is measured on its labels."""
    ours, wanted = engine.backend.spec, reference.backend.spec
    return (ours.architecture, ours.param_mean, ours.param_std, ours.training) == (
        wanted.architecture,
        wanted.param_mean,
        wanted.param_std,
        wanted.training,
    )
