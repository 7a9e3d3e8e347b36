"""Names of the files that come from one video."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..storage.atomic_write import make_folder
from ..storage.file_lock import file_lock
from ..storage.partial_file import PARTIAL_SUFFIX
from ..storage.path_kinds import is_folder, same_file

_WRITTEN = (".mp4", ".m4v")
_OTHER_VIDEOS = (".mov", ".mkv", ".webm", ".avi", ".wmv", ".flv", ".ts", ".mpg", ".mpeg", ".gif")


@dataclass(frozen=True, slots=True)
class OutputPaths:
    """Where results go.

    Attributes:
        overlay: The video with the faces drawn.
        lines: Records, one JSON line a frame.
        csv: The same as a table.
        parquet: The same as a table.
        meshes: Folder of the mesh files.
    """

    overlay: Path
    lines: Path
    csv: Path
    parquet: Path
    meshes: Path

    def files(self) -> Iterator[Path]:
        """The files, without those in the folder of meshes."""
        yield from (self.overlay, self.lines, self.csv, self.parquet)

    def make_folder(self) -> None:
        """Make the folder that they lie in.

        Raises:
            OutputError: It cannot be made.
        """
        make_folder(self.overlay.parent)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs away from these files.

        Raises:
            InputError: Another run writes them.
        """
        lock = self.lines.with_name(f".{self.lines.name}.lock")
        with file_lock(lock, wait=False) as held:
            if not held:
                raise InputError(
                    f"{self.lines}: another frsdk video writes there: name another output, or wait"
                )
            try:
                yield
            finally:
                with suppress(OSError):  # Windows removes no file that is open
                    lock.unlink()


def output_paths(
    video: str | os.PathLike[str], output: str | os.PathLike[str], *, overlay: bool = True
) -> OutputPaths:
    """Choose names for the results of a video.

    In a folder they are `STEM.overlay.mp4`, `faces.jsonl`, `faces.csv`, `faces.parquet` and
    `meshes/`: a folder holds the records of one video. An output that ends in `.mp4` is the overlay
    itself; beside `a.mp4` lie `a.faces.jsonl`, `a.faces.csv`, `a.faces.parquet` and `a.meshes/`.

    Args:
        video: The input.
        output: A folder, or the overlay's name.
        overlay: Whether the overlay will be written.

    Raises:
        InputError: The output would be another kind of video, or replace the input.
    """
    source, target = Path(video), Path(output)
    suffix = target.suffix.lower()
    if suffix in _OTHER_VIDEOS and not is_folder(target):
        what = "overlays are MP4 files" if overlay else "no video is written"
        raise InputError(f"{target}: {what}: name a folder or a .mp4 file")
    if suffix in _WRITTEN and not is_folder(target):
        drawn = target
        records, meshes = target.with_suffix(".faces"), target.with_suffix(".meshes")
    else:
        drawn = target / f"{source.stem}.overlay.mp4"
        records, meshes = target / "faces", target / "meshes"
    lines, csv, parquet = (
        records.with_name(f"{records.name}.{kind}") for kind in ("jsonl", "csv", "parquet")
    )
    paths = OutputPaths(drawn, lines, csv, parquet, meshes)
    written = [path for path in paths.files() if overlay or path != drawn]
    for path in written:
        for name in (path, path.with_name(path.name + PARTIAL_SUFFIX)):
            if same_file(name, source):
                raise InputError(f"{path}: would replace the input: name another output")
    return paths
