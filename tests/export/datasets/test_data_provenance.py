"""What is stamped into weights: what the data folder says, and nothing where it says nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.data_provenance import read_provenance


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
