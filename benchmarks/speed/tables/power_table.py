"""Power and energy per face."""

from __future__ import annotations

from collections.abc import Mapping

from frsdk import FaceReconstructor
from frsdk.backends.triton_backend import TritonBackend

from ..measuring.bench_photo import Photo
from ..measuring.engines_under_test import runs_on_cpu
from ..measuring.pipeline_stages import whole_case
from ..measuring.power_draw import measure_power
from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]


def power_table(engines: Engines, photo: Photo) -> Table | None:
    """Power and energy per face of the engines of which the machine tells it; None: of none."""
    rows: list[tuple[Cell, ...]] = []
    source = ""
    for name, engine in engines.items():
        if isinstance(engine.backend, TritonBackend):
            continue  # its power is drawn by the server
        on_gpu = not runs_on_cpu(engine.backend)
        power = measure_power(whole_case(engine, photo), on_gpu=on_gpu)
        if power is not None:
            source = power.source
            rows.append((name, power.watts, power.joules_per_call * 1e3))
    if not rows:
        return None
    columns = ("engine", "mean W", "mJ per face")
    return Table("power", "Power", columns, rows, f"Read by {source}, whole chain per face.")
