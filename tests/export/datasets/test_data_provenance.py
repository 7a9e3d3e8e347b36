"""What is stamped into weights: what the data folder says, and nothing where it says nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.data_provenance import read_joined_provenance, read_provenance


def folder_with(tmp_path: Path, card: object = None) -> Path:
    np.savez(tmp_path / "train.npz", source=np.array(["mine", "mine", "theirs"]))
    if card is not None:
        text = card if isinstance(card, str) else json.dumps(card)
        (tmp_path / "card.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_folder_without_a_card_gives_counts_and_no_licence(tmp_path: Path) -> None:
    found = read_provenance(folder_with(tmp_path))
    digest = hashlib.sha256((tmp_path / "train.npz").read_bytes()).hexdigest()
    assert found.licence == found.name == ""
    assert found.as_fields() == {
        "labels_sha256": digest,
        "faces_by_source": {"mine": 2, "theirs": 1},
    }


def test_the_card_says_name_and_licence(tmp_path: Path) -> None:
    card = {"name": "Portraits of my own", "licence": "CC BY 4.0"}
    found = read_provenance(folder_with(tmp_path, card))
    assert (found.name, found.licence) == ("Portraits of my own", "CC BY 4.0")
    assert found.as_fields()["data"] == "Portraits of my own"


def test_a_given_card_wins(tmp_path: Path) -> None:
    folder_with(tmp_path, {"name": "a", "licence": "b"})
    other = tmp_path / "other.json"
    other.write_text('{"name": "c", "licence": "d"}', encoding="utf-8")
    assert read_provenance(tmp_path, other).licence == "d"
    with pytest.raises(InputError, match="no such data card"):
        read_provenance(tmp_path, tmp_path / "none.json")


@pytest.mark.parametrize("card", ["{", "[]", '{"name": "a"}', '{"name": "a", "licence": " "}'])
def test_damaged_cards_are_named(tmp_path: Path, card: str) -> None:
    with pytest.raises(InputError, match=r"card\.json: .*data card"):
        read_provenance(folder_with(tmp_path, card))


def test_labels_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.npz: cannot be read"):
        read_provenance(tmp_path)


def test_folders_of_one_run_add_up_and_a_silent_one_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = folder_with(tmp_path / "a", {"name": "Portraits", "licence": "CC BY 4.0"})
    second = folder_with(tmp_path / "b")
    assert read_joined_provenance([first]) == read_provenance(first)
    found = read_joined_provenance([first, second])
    assert found.faces_by_source == {"mine": 4, "theirs": 2}
    assert (found.name, found.licence) == ("Portraits", "CC BY 4.0; terms of b not stated")
    assert read_joined_provenance([second, second]).licence == ""
    mesh = tmp_path / "mesh.npz"
    mesh.write_bytes(b"points")
    with_mesh = read_joined_provenance([first], label_files=[mesh]).labels_sha256
    assert len({found.labels_sha256, read_provenance(first).labels_sha256, with_mesh}) == 3


def test_a_card_for_the_first_folder_leaves_what_others_say(tmp_path: Path) -> None:
    """--data-card speaks for FACES and for folders that are mute, not for those that are not."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    folders = [folder_with(tmp_path / "a"), folder_with(tmp_path / "b")]
    folders.append(folder_with(tmp_path / "c", {"name": "Renders", "licence": "CC0-1.0"}))
    card = tmp_path / "card.json"
    card.write_text('{"name": "Portraits", "licence": "CC BY 4.0"}', encoding="utf-8")
    found = read_joined_provenance(folders, card)
    assert (found.name, found.licence) == ("Portraits + Renders", "CC BY 4.0; CC0-1.0")
