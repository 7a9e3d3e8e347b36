"""An option that names a network."""

from __future__ import annotations

from pathlib import Path

import click


def builtin_as_none(
    context: click.Context, option: click.Parameter, engine: Path | None
) -> Path | None:
    """The file; None for builtin, the network in this installation."""
    return None if engine == Path("builtin") and not engine.exists() else engine
