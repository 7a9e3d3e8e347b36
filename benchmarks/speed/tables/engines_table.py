"""The engines under test: what really runs."""

from __future__ import annotations

from collections.abc import Mapping

from frsdk import FaceReconstructor

from ..reporting.report_tables import Cell, Table

Engines = Mapping[str, FaceReconstructor]


def engines_table(engines: Engines) -> Table:
    """What really runs: backend, device, arithmetic and file."""
    rows: list[tuple[Cell, ...]] = [
        (name, each.backend.arithmetic, each.backend.name) for name, each in engines.items()
    ]
    note = "\n".join(f"{name}: {each.engine}" for name, each in engines.items())
    return Table("engines", "Engines", ("engine", "arithmetic", "backend"), rows, note)
