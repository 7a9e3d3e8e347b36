"""Atomic writing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from frsdk.errors import OutputError
from frsdk.storage.atomic_write import atomic_write, make_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_bytes_and_what_a_function_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    atomic_write(path, b"one")
    assert path.read_bytes() == b"one"
    atomic_write(str(path), lambda file: file.writelines([b"t", b"wo"]))
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.bin"]


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        atomic_write(tmp_path / ("a" * 300), b"")
    with pytest.raises(OutputError, match="no such folder"):
        atomic_write(tmp_path / ("a" * 300) / "b", b"")


def test_rights_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "a", b"")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    (tmp_path / "folder").mkdir()
    for path, kind in ((pipe, "a device or a pipe"), (link, "a device"), (tmp_path, "a folder")):
        with pytest.raises(OutputError, match=f"it is {kind}.*: name a file"):
            atomic_write(path, b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode) and link.is_symlink()
    assert names(tmp_path) == ["folder", "link", "pipe"]


def test_failing_writers_leave_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(file: BinaryIO) -> None:
        file.write(b"new, but not all")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match="No space left on device") as caught:
        atomic_write(path, full)
    assert str(caught.value).startswith(f"{path}: cannot be written")
    assert "\n" not in str(caught.value)

    def interrupted(file: BinaryIO) -> None:
        file.write(b"new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, interrupted)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_full_disk_at_the_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OutputError, match="free space"):
        atomic_write(tmp_path / "a", b"content")
    assert names(tmp_path) == []


def test_missing_folder_file_as_folder_and_folder_as_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in ("absent/a", "file/a", "folder"):
        with pytest.raises(OutputError, match="cannot be written"):
            atomic_write(tmp_path / path, b"x")
    assert names(tmp_path) == ["file", "folder"]


def test_make_folder(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert make_folder(str(folder)) == folder
    (tmp_path / "file").write_bytes(b"")
    for path in ("file", "file/below"):
        with pytest.raises(OutputError, match="cannot be written"):
            make_folder(tmp_path / path)
