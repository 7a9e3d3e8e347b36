"""The NOTICE, wherever frsdk is installed."""

from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path

import pytest

from frsdk import BackendError
from frsdk.installation import notice
from frsdk.installation.notice import notice_text

ROOT = Path(__file__).parents[3]


def _installed_as(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Pretend that frsdk's metadata lie in a folder."""
    (folder / "METADATA").write_text("Name: frsdk\n", encoding="utf-8")
    monkeypatch.setattr(notice, "distribution", lambda _: Distribution.at(folder))


def test_a_clone_has_it() -> None:
    assert notice_text() == (ROOT / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["licenses/NOTICE", "NOTICE"])
def test_a_wheel_has_it_in_its_metadata(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    metadata = tmp_path / "frsdk-1.dist-info"
    (metadata / "licenses").mkdir(parents=True)
    (metadata / name).write_text("theirs", encoding="utf-8")
    (tmp_path / "NOTICE").write_text("another package's", encoding="utf-8")
    _installed_as(monkeypatch, metadata)
    assert notice_text(tmp_path) == "theirs"


def test_an_installation_without_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _installed_as(monkeypatch, tmp_path)
    with pytest.raises(BackendError, match=r"NOTICE.*install frsdk from its wheel"):
        notice_text(tmp_path)
