"""What `frsdk video` writes of a video, and what of it by default."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from ..meshes.mesh_formats import MESH_SUFFIXES

MESH_FORMATS = (*(suffix.removeprefix(".") for suffix in MESH_SUFFIXES), "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions:
    """What is written of a video beside its records.

    Attributes:
        overlay: Whether the video is written again with the faces drawn.
        csv: Whether records are also a CSV table.
        parquet: Whether records are also a Parquet table.
        mesh: `glb`, `obj`, `ply`, `stl`, `3mf` or `none`: mesh files of the faces.
        every: Meshes of each so many frames, the first one included.
        blendshapes: Whether each person's expressions are named, in the records and in CSV files.
    """

    overlay: bool = True
    csv: bool = False
    parquet: bool = False
    mesh: str = "none"
    every: int = 30
    blendshapes: bool = False

    def __post_init__(self) -> None:
        """Check the mesh options."""
        if self.mesh not in MESH_FORMATS:
            known = ", ".join(MESH_FORMATS)
            raise InputError(f"unknown mesh format {self.mesh!r}: expected one of {known}")
        if self.every < 1:
            raise InputError(f"expected every >= 1, got {self.every}")
