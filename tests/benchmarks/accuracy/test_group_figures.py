"""Figures by group, and the files that say who belongs where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.benchmarks.accuracy.group_figures import (
    group_rows,
    group_table,
    read_groups,
    worst_group_line,
)
from frsdk.errors import InputError


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_pictures_are_found_by_path_name_stem_and_label_key(tmp_path: Path) -> None:
    text = "\ufefffile,age,group,id\nval/1.jpg,old,A,x\nval/2.jpg,young,B,y\nval/3.jpg,,A,z\n"
    path = written(tmp_path / "groups.csv", text)
    groups = read_groups(path, ["val/1.jpg", "2.jpg", "3", "2_17", "nobody.jpg"])
    assert groups["group"] == ["A", "B", "A", "B", ""]
    assert groups["age"] == ["old", "young", "", "young", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a column file"),
        ("picture,group\na,b\n", "expected a column file"),
        ("file,group\na.jpg,A\nb.jpg,A\n", "no column tells"),
        ("file,group\na.jpg,A\nb.jpg,B\n", "names none of the 1 pictures, such as c.jpg"),
    ],
)
def test_files_that_say_nothing_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_groups(written(tmp_path / "groups.csv", text), ["c.jpg"])


def test_columns_of_too_many_groups_are_told(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    lines = ["file,tone,country", *(f"{k}.jpg,{'ab'[k % 2]},c{k}" for k in range(25))]
    groups = read_groups(written(tmp_path / "groups.csv", "\n".join(lines)), ["3.jpg"])
    assert list(groups) == ["tone"]
    assert "column country has 25 groups, over 20: left out" in capsys.readouterr().err


def test_medians_misses_and_the_worst_over_the_best() -> None:
    errors = np.array([2.0] * 20 + [3.0] * 20 + [9.0] * 3 + [np.nan] * 2)
    values = ["A"] * 20 + ["B"] * 20 + ["few"] * 3 + ["B", ""]
    rows = group_rows("ours", "gt68", errors, {"group": values})
    found = {row.group: (row.faces, row.missed, row.median_percent) for row in rows}
    assert found == {"A": (20, 0, 2.0), "B": (21, 1, 3.0), "few": (3, 0, 9.0)}
    assert {row.worst_over_best for row in rows} == {1.5}  # few are too few
    assert worst_group_line(rows).endswith("ours, gt68, group: 1.500.")
    assert "| ours | gt68 | group | B | 21 | 3.00 | 3.00 | 4.8 % |" in group_table(rows)


def test_one_group_has_no_ratio() -> None:
    rows = group_rows("ours", "gt68", np.full(30, 2.0), {"group": ["A"] * 30})
    assert rows[0].worst_over_best is None
    assert "no two groups" in worst_group_line(rows)
