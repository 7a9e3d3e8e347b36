"""Everything that is written of a video, frame by frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..meshes.mesh_formats import mesh_endings
from ..rendering.overlay import DrawableFace
from ..storage.atomic_write import make_folder
from ..storage.older_files import remove_older_files
from .blendshape_takes import BlendshapeTakes, PersonInFrame
from .face_lines import FaceLines, Recordable, face_line
from .face_table import CsvTable, ParquetTable, TabledFace, face_rows
from .output_paths import OutputPaths
from .video_defaults import VideoOptions


class StreamFace(DrawableFace, Recordable, TabledFace, PersonInFrame, Protocol):
    """What is drawn and recorded of a face; :class:`~frsdk.TrackedFace` has it."""

    def save(self, path: Path, image_bgr: NDArray[np.uint8] | None = None) -> None:
        """Write the mesh."""


class VideoRecords:
    """The records, tables and meshes of a video."""

    def __init__(self, paths: OutputPaths, options: VideoOptions) -> None:
        """Open the files.

        Raises:
            OutputError: One cannot be opened.
            MissingDependencyError: pyarrow is not installed.
        """
        self._folder, self._options, self._paths = paths.meshes, options, paths
        self._files: list[FaceLines | CsvTable | ParquetTable | BlendshapeTakes] = []
        self._takes = BlendshapeTakes(paths.csv) if options.blendshapes else None
        self._tables: list[CsvTable | ParquetTable] = []
        self._mesh_stems: set[str] = set()
        try:
            self._lines = FaceLines(paths.lines)
            self._files.append(self._lines)
            if options.csv:
                self._tables.append(CsvTable(paths.csv))
                self._files.append(self._tables[-1])
            if options.parquet:
                self._tables.append(ParquetTable(paths.parquet))
                self._files.append(self._tables[-1])
            if self._takes:
                self._files.append(self._takes)
            if options.mesh != "none":
                make_folder(paths.meshes)
        except BaseException:
            self.discard()
            raise

    def write(
        self, frame: int, time_s: float, image_bgr: NDArray[np.uint8], faces: Sequence[StreamFace]
    ) -> None:
        """Record a frame.

        Raises:
            OutputError: The disk is full.
        """
        named = self._takes.write(time_s, faces) if self._takes else []
        self._lines.write(face_line(frame, time_s, faces, blendshapes=named))
        if self._tables:
            rows = list(face_rows(frame, time_s, faces))
            for table in self._tables:
                table.write(rows)
        if self._options.mesh != "none" and frame % self._options.every == 0:
            for face in faces:
                stem = f"{frame:06d}.{face.id}"
                face.save(self._folder / f"{stem}.{self._options.mesh}", image_bgr)
                self._mesh_stems.add(stem)

    @property
    def meshes(self) -> int:
        """Mesh files written so far."""
        return len(self._mesh_stems)

    def files(self) -> list[Path]:
        """The complete files; meshes apart."""
        paths = self._paths
        tables = [(self._options.csv, paths.csv), (self._options.parquet, paths.parquet)]
        takes = self._takes.paths() if self._takes else []
        return [paths.lines, *(path for wanted, path in tables if wanted), *takes]

    def finish(self) -> None:
        """Complete the files; they keep their partial names until :meth:`publish`."""
        for file in self._files:
            file.finish()

    def publish(self) -> None:
        """Give the complete files their final names; meshes that only an earlier run made go.

        Raises:
            OutputError: A file cannot be renamed or removed.
        """
        for file in self._files:
            file.publish()
        if self._options.mesh != "none":
            ends = mesh_endings(self._options.mesh)
            kept = {f"{stem}{end}" for stem in self._mesh_stems for end in ends}
            pattern = rf"\d{{6,}}\.\d+({'|'.join(map(re.escape, ends))})"
            remove_older_files(self._folder, pattern, kept)

    def discard(self) -> None:
        """Remove the files; meshes stay, each is whole."""
        for file in self._files:
            file.discard()
