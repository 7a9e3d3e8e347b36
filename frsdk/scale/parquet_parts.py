"""The Parquet files of a batch: whole ones only, and what they hold already."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any  # pyarrow has no types

from ..errors import InputError, OutputError
from ..storage.atomic_write import atomic_write
from .face_columns import face_schema, load_pyarrow

if TYPE_CHECKING:
    import pyarrow

_KEY = b"frsdk.batch"
_NAME = re.compile(r"part-(\d{5,})\.parquet")
_ROWS = 16_384
_SECONDS = 30.0


class ParquetParts:
    """A folder of `part-00000.parquet` and so on, each written whole.

    How the faces were reconstructed is in each part's metadata (`frsdk.batch`, JSON), so that one
    folder does not mix two ways.
    """

    def __init__(self, folder: Path, made_with: Mapping[str, object]) -> None:
        """Look at what is there.

        Args:
            folder: Where the parts are.
            made_with: What the results depend on, ready for JSON.

        Raises:
            InputError: The folder has parts that were made in another way.
            OutputError: A part there is no whole Parquet file.
            MissingDependencyError: pyarrow is not installed.
        """
        self._parquet = load_pyarrow().parquet
        self._arrow = load_pyarrow()
        self._folder = folder
        self._text = json.dumps(made_with, sort_keys=True).encode()
        self._schema = face_schema().with_metadata({_KEY: self._text})
        self._waiting: list[pyarrow.Table] = []
        self._rows, self._since = 0, time.monotonic()
        names = (_NAME.fullmatch(path.name) for path in folder.iterdir())
        self._parts = sorted((int(name[1]), folder / name[0]) for name in names if name)
        self._next = self._parts[-1][0] + 1 if self._parts else 0

    def recorded(self) -> set[str]:
        """The paths that the parts hold rows of."""
        return {path for _, part in self._parts for path in self._paths(part)}

    def add(self, table: pyarrow.Table) -> None:
        """Take rows; they reach the disk with many others, or after half a minute.

        Raises:
            OutputError: The disk is full.
        """
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows >= _ROWS or time.monotonic() - self._since > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait.

        Raises:
            OutputError: The disk is full.
        """
        self._since = time.monotonic()
        if not self._rows:
            return
        table = self._arrow.concat_tables(self._waiting).cast(self._schema)
        path = self._folder / f"part-{self._next:05d}.parquet"
        atomic_write(path, lambda file: self._parquet.write_table(table, file))
        self._parts.append((self._next, path))
        self._next += 1
        self._waiting, self._rows = [], 0

    def _paths(self, part: Path) -> Any:
        try:
            with self._parquet.ParquetFile(part) as file:
                before = (file.schema_arrow.metadata or {}).get(_KEY)
                paths = file.read(columns=["path"]).column("path").unique().to_pylist()
        except (OSError, KeyError, ValueError, self._arrow.ArrowException) as error:
            raise OutputError(
                f"{part}: not a whole Parquet file of frsdk batch: remove it, or name another "
                "folder"
            ) from error
        if before != self._text:
            raise InputError(
                f"{part}: was made with other options, other files behind them or another frsdk: "
                "name another folder, or repeat the options to go on"
            )
        return paths
