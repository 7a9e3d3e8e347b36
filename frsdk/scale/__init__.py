"""Pictures by the million: reconstruction on a Ray cluster, faces as Parquet."""

from __future__ import annotations

from .face_columns import face_schema
from .reconstruct_dataset import reconstruct_dataset

__all__ = ["face_schema", "reconstruct_dataset"]
