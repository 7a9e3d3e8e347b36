"""Inputs of a batch: files, folders, globs, URIs; what names nothing is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from frsdk.errors import ImageFileError, InputError
from frsdk.scale.picture_uris import find_pictures, is_uri, read_uri

pytest.importorskip("pyarrow", reason="needs pyarrow (frsdk[ray])")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b [1].jpg", "a.png", "._a.png", "a.overlay.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"abc")
    (tmp_path / "sub.jpg").mkdir()
    return tmp_path


def test_paths_become_absolute_and_once(folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    places, problems = find_pictures([".", "a.png", "*.txt", "none.jpg", "no*.x", "nothing/"])
    assert places == [str(folder / n) for n in ("a.png", "b [1].jpg", "notes.txt", "none.jpg",
                                                "nothing")]  # fmt: skip
    assert problems == [("no*.x", "no file matches no*.x")]


def test_a_uri_names_a_file_or_a_folder(folder: Path) -> None:
    assert is_uri("s3://bucket/a.jpg") and not is_uri("C://a.jpg") and not is_uri("a.jpg")
    places, problems = find_pictures([f"file://{folder}", f"file://{folder}/none"])
    assert places == [f"file://{folder}/a.png", f"file://{folder}/b [1].jpg"]
    assert [why for _, why in problems] == [f"file://{folder}/none: no such file or folder"]
    assert find_pictures([f"file://{folder}/notes.txt"])[0] == [f"file://{folder}/notes.txt"]
    assert read_uri(f"file://{folder}/b [1].jpg") == b"abc"
    with pytest.raises(ImageFileError, match="cannot be read"):
        read_uri(f"file://{folder}/none.jpg")


def test_what_cannot_be_opened_is_one_line() -> None:
    _, problems = find_pictures(["ftp://somewhere/a.jpg"])
    assert "expected file, s3, gs, abfs or hdfs" in problems[0][1] and "\n" not in problems[0][1]
    with pytest.raises(InputError, match="one picture"):
        find_pictures(["-"])
