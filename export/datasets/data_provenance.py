"""What a network was trained on, as far as its data folders say it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from frsdk.errors import InputError
from frsdk.specs.json_text import parse_json
from frsdk.storage.atomic_write import atomic_write
from frsdk.storage.npz_arrays import ArchiveError, read_npz
from frsdk.storage.path_kinds import is_file

CARD_NAME = "card.json"
_LABELS = "train.npz"


@dataclass(frozen=True, slots=True)
class DataProvenance:
    """Facts about training data; what is not known is empty.

    Attributes:
        labels_sha256: Digest of ``train.npz``.
        faces_by_source: Labelled faces of each source that the labels name.
        name: Of the data, by its card.
        licence: Terms of weights that are trained on it, by its card; ``""`` where no card says it.
    """

    labels_sha256: str
    faces_by_source: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    licence: str = ""

    def as_fields(self) -> dict[str, object]:
        """For the training part of a spec, without what is not known."""
        known: dict[str, object] = {"labels_sha256": self.labels_sha256}
        if self.faces_by_source:
            known["faces_by_source"] = dict(self.faces_by_source)
        if self.name:
            known["data"] = self.name
        return known


def read_provenance(faces: Path, card: Path | None = None) -> DataProvenance:
    """Read what a folder of labelled crops says of itself, before the hours of a training.

    Args:
        faces: Folder with ``train.npz`` and, if its maker wrote one, ``card.json``.
        card: Another card, for a folder that has none: ``{"name": …, "licence": …}``.

    Raises:
        InputError: The labels or the card cannot be read.
    """
    labels = faces / _LABELS
    try:
        digest = hashlib.sha256(labels.read_bytes()).hexdigest()
        sources = read_npz(labels, optional=["source"], names=[]).get("source")
    except OSError as error:
        raise InputError(
            f"{labels}: cannot be read ({error.strerror}): give a folder that holds it"
        ) from error
    except ArchiveError as error:
        raise InputError(f"{labels}: not a label file of face crops: {error}") from error
    counts: dict[str, int] = {}
    if sources is not None:
        names, numbers = np.unique(sources.astype(str), return_counts=True)
        counts = {str(name): int(n) for name, n in zip(names, numbers, strict=True)}
    told = _read_card(card or faces / CARD_NAME, required=card is not None)
    return DataProvenance(digest, counts, told.get("name", ""), told.get("licence", ""))


def read_joined_provenance(
    folders: Sequence[Path], card: Path | None = None, label_files: Sequence[Path] = ()
) -> DataProvenance:
    """Read what the folders of one run say of themselves.

    Args:
        folders: At least one; the first as ``read_provenance`` takes it. Repeated ones count once.
        card: Of the first, and of others that have none.
        label_files: What else labels are made of; part of the digest.

    Raises:
        InputError: As ``read_provenance``.
    """
    folders = list(dict.fromkeys(folders))  # one that is drawn more often is given twice
    parts = [
        read_provenance(folder, None if number and (folder / CARD_NAME).is_file() else card)
        for number, folder in enumerate(folders)
    ]
    if len(parts) == 1 and not label_files:
        return parts[0]
    digest = hashlib.sha256("".join(part.labels_sha256 for part in parts).encode())
    for file in label_files:
        digest.update(file.read_bytes())
    counts: dict[str, int] = {}
    for part in parts:
        for source, number in part.faces_by_source.items():
            counts[source] = counts.get(source, 0) + number
    names = dict.fromkeys(part.name for part in parts if part.name)
    terms = [(folder.name, part.licence) for folder, part in zip(folders, parts, strict=True)]
    return DataProvenance(digest.hexdigest(), counts, " + ".join(names), joined_licence(terms))


def joined_licence(terms: Sequence[tuple[str, str]]) -> str:
    """The terms of several things that one came out of; ``""`` where none states any.

    Args:
        terms: What it is and its licence, empty where it is silent: what one states must not pass
            for all of them, so the silent ones are named.
    """
    texts = dict.fromkeys(licence for _, licence in terms if licence)
    kept = [text for text in texts if not any(_holds(other, text) for other in texts)]
    silent = [name for name, licence in terms if not licence]
    if kept and silent:
        kept.append(f"terms of {', '.join(silent)} not stated")
    return "; ".join(kept)


def _holds(joined: str, text: str) -> bool:
    """Whether a joined licence has another text among its parts."""
    return joined != text and f"; {text};" in f"; {joined};"


def write_card(path: Path, name: str, licence: str) -> None:
    """Write a data card.

    Raises:
        OutputError: The file cannot be written.
    """
    text = json.dumps({"name": name, "licence": licence}, indent=2, ensure_ascii=False)
    atomic_write(path, text.encode() + b"\n")


def card_of_photographs(photographs: Path, card: Path | None = None) -> dict[str, str]:
    """Name and licence that a folder of photographs states; empty where it is mute.

    Args:
        photographs: May hold ``card.json``.
        card: Another card.

    Raises:
        InputError: The card cannot be read.
    """
    return _read_card(card or photographs / CARD_NAME, required=card is not None)


def _read_card(path: Path, *, required: bool) -> dict[str, str]:
    if not is_file(path):
        if required:
            raise InputError(f"{path}: no such data card: give a JSON file with name and licence")
        return {}
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: not a readable data card ({reason}): expected JSON with name and licence"
        ) from error
    texts = [content.get(each) for each in ("name", "licence")] if isinstance(content, dict) else []
    if len(texts) != 2 or not all(isinstance(each, str) and each.strip() for each in texts):
        raise InputError(f"{path}: expected a data card with the texts name and licence")
    return {"name": content["name"], "licence": content["licence"]}
