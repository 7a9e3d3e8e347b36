"""Faces of a stream as a table: one row a face and frame, as CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..installation.optional_packages import missing_package
from ..morphable.head_pose import Pose
from ..storage.atomic_write import cannot_write
from ..storage.partial_file import discard, partial_path, publish

if TYPE_CHECKING:
    import pyarrow

_POINTS, _PARAMS = 68, 62
_ROWS_PER_GROUP = 1024
_WHOLE = ("frame", "id")
COLUMNS: tuple[str, ...] = (
    "frame", "time_s", "id", "age_s", "presence", "score",
    "box_x0", "box_y0", "box_x1", "box_y1",
    "yaw_deg", "pitch_deg", "roll_deg", "scale", "t_x", "t_y", "t_z",
    *(f"{axis}_{point}" for point in range(_POINTS) for axis in "xyz"),
    *(f"p_{index}" for index in range(_PARAMS)),
)  # fmt: skip


class TabledFace(Protocol):
    """What a row takes of a face; :class:`~frsdk.TrackedFace` has it."""

    @property
    def id(self) -> int:
        """Number of the person."""

    @property
    def age_s(self) -> float:
        """Seconds since the person was first seen."""

    @property
    def presence(self) -> float:
        """How surely a face is there, 0..1."""

    @property
    def score(self) -> float:
        """The detector's score."""

    @property
    def box(self) -> NDArray[np.float64]:
        """(4,) x0, y0, x1, y1."""

    @property
    def pose(self) -> Pose:
        """Angles, scale and translation."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """(68, 3) image pixels."""

    @property
    def params(self) -> NDArray[np.float32]:
        """(62,) parameters."""


def face_rows(frame: int, time_s: float, faces: Sequence[TabledFace]) -> Iterator[list[float]]:
    """A row of `COLUMNS` for each face of a frame; none for a frame without a face."""
    for face in faces:
        pose = face.pose
        head = [frame, time_s, face.id, face.age_s, face.presence, face.score]
        angles = [pose.yaw_deg, pose.pitch_deg, pose.roll_deg, pose.scale]
        long = (face.box, angles, pose.translation, face.landmarks, face.params)
        numbers = [float(value) for part in long for value in np.asarray(part).ravel()]
        yield [*head, *numbers]


def _text(column: str, value: float) -> str:
    """Times to the microsecond however long the stream; the rest to seven digits."""
    return f"{value:.6f}" if column in ("time_s", "age_s") else f"{value:.7g}"


class CsvTable:
    """Rows as CSV (RFC 4180, UTF-8, a header), whole lines on the disk frame by frame."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OutputError: It cannot be opened.
        """
        self._path = path
        try:
            self._file = partial_path(path).open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise cannot_write(path, error) from error
        self._writer = csv.writer(self._file)
        self._write([COLUMNS])

    def write(self, rows: Sequence[Sequence[float]]) -> None:
        """Add the rows of a frame.

        Raises:
            OutputError: The disk is full.
        """
        self._write([[_text(*each) for each in zip(COLUMNS, row, strict=True)] for row in rows])

    def finish(self) -> None:
        """Close the file.

        Raises:
            OutputError: The disk is full.
        """
        try:
            self._file.close()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def publish(self) -> None:
        """Give the file its final name.

        Raises:
            OutputError: The folder is not writable.
        """
        publish(self._path)

    def discard(self) -> None:
        """Close and remove the file."""
        try:
            self._file.close()
        except OSError:  # it is thrown away
            pass
        finally:
            discard(self._path)

    def _write(self, rows: Sequence[Sequence[object]]) -> None:
        try:
            self._writer.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error


class ParquetTable:
    """Rows as Parquet: `frame` and `id` int64, the rest float64 or float32, 1024 rows a group."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            OutputError: It cannot be opened.
            MissingDependencyError: pyarrow is not installed, or damaged.
        """
        try:
            import pyarrow
            import pyarrow.parquet
        except (ImportError, OSError) as error:
            title = "pyarrow, which writes Parquet,"
            raise missing_package(error, "pyarrow", "parquet", title=title) from error
        self._pyarrow = pyarrow
        self._path = path
        self._schema = pyarrow.schema([(name, _arrow_type(pyarrow, name)) for name in COLUMNS])
        self._rows: list[Sequence[float]] = []
        try:
            self._file = partial_path(path).open("wb")
        except OSError as error:
            raise cannot_write(path, error) from error
        self._writer = pyarrow.parquet.ParquetWriter(self._file, self._schema)

    def write(self, rows: Sequence[Sequence[float]]) -> None:
        """Add the rows of a frame; they reach the disk a group at a time.

        Raises:
            OutputError: The disk is full.
        """
        self._rows.extend(rows)
        if len(self._rows) >= _ROWS_PER_GROUP:
            self._write_group()

    def finish(self) -> None:
        """Write the last group and the footer.

        Raises:
            OutputError: The disk is full.
        """
        self._write_group()
        try:
            self._writer.close()
            self._file.close()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def publish(self) -> None:
        """Give the file its final name.

        Raises:
            OutputError: The folder is not writable.
        """
        publish(self._path)

    def discard(self) -> None:
        """Close and remove the file."""
        try:
            self._writer.close()
            self._file.close()
        except OSError:  # it is thrown away
            pass
        finally:
            discard(self._path)

    def _write_group(self) -> None:
        if not self._rows:
            return
        columns = np.array(self._rows, np.float64).T  # (columns, rows)
        arrays = [
            self._pyarrow.array(
                column.astype(np.int64) if name in _WHOLE else column, type=field.type, safe=False
            )
            for name, field, column in zip(COLUMNS, self._schema, columns, strict=True)
        ]
        try:
            self._writer.write_table(self._pyarrow.table(arrays, schema=self._schema))
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._rows = []


def _arrow_type(arrow: pyarrow, name: str) -> pyarrow.DataType:
    if name in _WHOLE:
        return arrow.int64()
    return arrow.float64() if name == "time_s" else arrow.float32()
