"""Which files an argument names."""

from __future__ import annotations

from pathlib import Path

import pytest

from frsdk.errors import InputError
from frsdk.imaging.image_sources import find_images


class TestFindImages:
    def test_folder_is_sorted_and_not_entered(self, tmp_path: Path) -> None:
        for name in ("b.JPG", "a.png", "notes.txt", "a.overlay.png", "faces.json"):
            (tmp_path / name).touch()
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "c.png").touch()
        (tmp_path / "folder.png").mkdir()
        found = [source.location for source in find_images([tmp_path])]
        assert found == [str(tmp_path / "a.png"), str(tmp_path / "b.JPG")]

    def test_folder_without_images(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        with pytest.raises(InputError, match="has no images"):
            find_images([tmp_path])

    def test_glob(self, tmp_path: Path) -> None:
        for name in ("b.png", "a.png", "c.txt"):
            (tmp_path / name).touch()
        found = [source.name for source in find_images([str(tmp_path / "*.png")])]
        assert found == ["a.png", "b.png"]
        with pytest.raises(InputError, match="no file matches"):
            find_images([str(tmp_path / "*.webp")])

    def test_brackets_in_an_existing_name_are_no_glob(self, tmp_path: Path) -> None:
        (tmp_path / "a[1].png").touch()
        assert find_images([tmp_path / "a[1].png"])[0].name == "a[1].png"

    def test_named_twice_is_kept_once_and_order_follows_the_inputs(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            (tmp_path / name).touch()
        found = find_images([tmp_path / "b.png", "sample:astronaut", tmp_path, "sample:astronaut"])
        assert [source.name for source in found] == ["b.png", "astronaut.png", "a.png"]

    def test_missing_file_is_kept_for_the_reader_to_report(self, tmp_path: Path) -> None:
        assert find_images([tmp_path / "no.jpg"])[0].location == str(tmp_path / "no.jpg")

    def test_unknown_sample(self) -> None:
        with pytest.raises(InputError, match="no sample"):
            find_images(["sample:dog"])
