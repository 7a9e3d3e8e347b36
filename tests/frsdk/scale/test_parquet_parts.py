"""Parts of a batch: whole ones, numbered on, of one way to reconstruct."""

from __future__ import annotations

from pathlib import Path

import pytest

from frsdk.errors import InputError, OutputError
from frsdk.scale.face_columns import face_rows, table_of
from frsdk.scale.parquet_parts import ParquetParts

parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (frsdk[ray])")
WAY = {"engine": "fp32"}


def test_what_was_flushed_is_recorded_and_numbered_on(tmp_path: Path) -> None:
    first = ParquetParts(tmp_path, WAY)
    assert first.recorded() == set()
    first.add(table_of(face_rows("a", (3, 4), [])))
    first.add(table_of(face_rows("b", (3, 4), [])))
    assert list(tmp_path.iterdir()) == []  # they wait for more
    first.flush()
    first.flush()
    second = ParquetParts(tmp_path, WAY)
    assert second.recorded() == {"a", "b"}
    second.add(table_of(face_rows("c", (3, 4), [])))
    second.flush()
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    assert parquet.read_table(tmp_path).column("path").to_pylist() == ["a", "b", "c"]


def test_half_a_minute_is_the_most_that_waits(tmp_path: Path, monkeypatch) -> None:
    parts = ParquetParts(tmp_path, WAY)
    monkeypatch.setattr("frsdk.scale.parquet_parts._SECONDS", -1.0)
    parts.add(table_of(face_rows("a", (3, 4), [])))
    assert ParquetParts(tmp_path, WAY).recorded() == {"a"}


def test_two_ways_do_not_mix_and_damage_is_named(tmp_path: Path) -> None:
    parts = ParquetParts(tmp_path, WAY)
    parts.add(table_of(face_rows("a", (3, 4), [])))
    parts.flush()
    with pytest.raises(InputError, match="other options"):
        ParquetParts(tmp_path, {"engine": "int8"}).recorded()
    part = tmp_path / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-5])
    with pytest.raises(OutputError, match="not a whole Parquet file"):
        ParquetParts(tmp_path, WAY).recorded()
