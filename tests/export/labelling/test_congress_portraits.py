"""Which portraits of Congress are taken, and that they say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from frsdk.errors import InputError
from frsdk.export.labelling.congress_portraits import TERMS, select_portraits
from frsdk.export.train_cli import main

ROWS = (
    ("1", "50", "wiki", ""),  # old
    ("2", "69", "manual", "Fairmount News, Oct 9, 1914"),  # old, an old source
    ("3", "60", "manual", "New Castle News, Apr 23, 1936"),  # old, printed too late
    ("4", "60", "manual", "Ancestry.com User Submission: somebody"),  # old, nobody knows
    ("5", "55", "manual", "Fifty-fifth Congress (Public Domain)"),  # old
    ("6", "110", "bio_guide", ""),  # official
    ("7", "110", "wiki", ""),  # later, not official
    ("8", "80", "bio_guide", ""),  # years between
    ("9", "48", "wiki", ""),  # its file is missing
)


def repository(folder: Path) -> Path:
    lines = ["icpsr,congress,image,source,provenance"]
    for icpsr, congress, source, provenance in ROWS:
        image = f"images/{source}/{icpsr}.jpg"
        lines.append(f'{icpsr},{congress},{image},{source},"{provenance}"')
        (folder / "images" / source).mkdir(parents=True, exist_ok=True)
        if icpsr != "9":
            (folder / image).write_bytes(b"picture " + icpsr.encode())
    (folder / "members.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_old_and_official_portraits_are_taken(tmp_path: Path) -> None:
    """The command prints counts and terms; the folder holds the pictures and a data card."""
    source, output = repository(tmp_path), tmp_path / "clean"
    result = CliRunner().invoke(main, ["select-congress", str(source), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in output.glob("*.jpg")) == [
        "1.jpg",
        "2.jpg",
        "5.jpg",
        "6.jpg",
    ]
    assert (output / "1.jpg").read_bytes() == b"picture 1"
    assert "4 portraits: 3 of members who left by 1927, 1 official ones since 1987" in result.output
    assert "2 of other years or sources, 2 of doubtful origin, 1 missing" in result.output
    assert json.loads((output / "card.json").read_text())["licence"] == TERMS


def test_another_folder_is_refused(tmp_path: Path) -> None:
    """Without members.csv, or with another table of that name."""
    with pytest.raises(InputError, match="member_photos"):
        select_portraits(tmp_path, tmp_path / "out")
    (tmp_path / "members.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="expected the columns"):
        select_portraits(tmp_path, tmp_path / "out")


def test_a_short_row_is_named_before_anything_is_made(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    with (folder / "members.csv").open("a") as file:
        file.write("10,50\n")
    with pytest.raises(InputError, match=r"members\.csv: line 11 is too short"):
        select_portraits(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
