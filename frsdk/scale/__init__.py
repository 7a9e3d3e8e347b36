"""Pictures by the million: reconstruction on a Ray cluster, faces as Parquet."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .face_columns import face_schema
    from .ray_dataset import reconstruct_dataset

__all__ = ["face_schema", "reconstruct_dataset"]

_MODULES = {"face_schema": "face_columns", "reconstruct_dataset": "ray_dataset"}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: the command line needs the defaults alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
