"""Archives of arrays that are damaged in every way that was met."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from frsdk.storage.npz_arrays import ArchiveError, read_npz


def test_names_optional_ones_and_all(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(3), b=np.zeros(2))
    assert list(read_npz(path, ["a"])) == ["a"]
    assert list(read_npz(path, ["a"], optional=["b", "c"])) == ["a", "b"]
    assert list(read_npz(path)) == ["a", "b"]
    with pytest.raises(ArchiveError, match="it lacks c, d"):
        read_npz(path, ["a", "c", "d"])


def npy(header: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"


def zipped(content: bytes, *, encrypted: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", content)
    data = bytearray(buffer.getvalue())
    if encrypted:
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def saved(value: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "."),
        (b"PK\x03\x04", "."),
        (saved(np.zeros(3)), "a single array"),
        (zipped(saved(np.zeros(3))[:-5]), "."),
        (zipped(npy(HUGE)), "."),
        (zipped(b"\x93NUMPY\x01\x00"), "."),
        (zipped(npy(b"{'descr': (".ljust(30))), "."),
        (zipped(saved(np.zeros(3)), encrypted=True), "encrypted"),
        (zipped(saved(np.array([None]))), "[Oo]bject"),
    ],
    ids=["empty", "cut", "npy", "short", "huge", "no header", "half header", "encrypted", "object"],
)
def test_damage_is_one_line(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=match) as caught:
        read_npz(path, ["a"])
    assert str(caught.value) and "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, match in ((tmp_path / "none.npz", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ArchiveError, match=match):
            read_npz(path)


def test_a_member_that_is_no_array(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(zipped(b"\x93NUMPX" + npy(HUGE)[6:]))  # NumPy gives its bytes
    with pytest.raises(ArchiveError, match=r"^a is no array$"):
        read_npz(path, ["a"])
