"""Names of output files, one for each photograph."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from frsdk.commands.output_names import output_stems


def test_plain() -> None:
    assert output_stems(["a.jpg", "b.c.png", "d"]) == ["a", "b.c", "d"]


def test_shared_stem_keeps_the_suffix() -> None:
    assert output_stems(["a.jpg", "a.png", "b.jpg"]) == ["a.jpg", "a.png", "b"]


def test_same_name_in_two_folders_is_numbered() -> None:
    assert output_stems(["a.jpg", "a.jpg", "A.JPG"]) == ["a.jpg", "a.jpg-2", "A.JPG-3"]


def test_numbered_does_not_take_anothers_own_stem() -> None:
    names = ["a.jpg", "a.jpg", "a.jpg-2.png"]
    assert output_stems(names) == ["a.jpg", "a.jpg-3", "a.jpg-2"]


def test_long_names_leave_room_for_suffixes() -> None:
    stems = output_stems(["\N{SNOWMAN}" * 84 + ".png", "\N{SNOWMAN}" * 84 + ".jpg"])
    assert len(set(stems)) == 2
    assert all(len(os.fsencode(stem)) < 200 for stem in stems)


@given(st.lists(st.sampled_from(["a.jpg", "a.png", "A.jpg", "a.jpg-2", "a", "a.jpg-2.x"])))
def test_never_two_alike(names: list[str]) -> None:
    stems = output_stems(names)
    assert len({stem.casefold() for stem in stems}) == len(names)
    assert stems == output_stems(names)
