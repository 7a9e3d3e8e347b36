"""Shards of crops: written whole or not at all, damaged ones counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.data_provenance import read_provenance, write_card
from frsdk.export.datasets.face_labels import (
    read_labels,
)
from frsdk.export.datasets.labelled_face import LabelledFace, stored_crop
from frsdk.export.datasets.stored_crops import load_crops, load_good_crops


def faces_of_grey(
    names: str, grey: int, *, then: Exception | None = None
) -> Iterator[LabelledFace]:
    for name in names:
        crop = np.full((160, 160, 3), grey, np.uint8)
        yield LabelledFace(name, crop, np.ones((68, 3)), 0.0, "x")
    if then is not None:
        raise then


def test_an_interrupted_import_keeps_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frsdk.export.datasets.crop_shards._PER_SHARD", 2)
    write_shards(faces_of_grey("abc", 50), tmp_path, "train")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert list(before) and sorted(before) == ["train-00.tar", "train-01.tar", "train.npz"]
    with pytest.raises(RuntimeError):
        write_shards(faces_of_grey("abc", 200, then=RuntimeError()), tmp_path, "train")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    # Moved in but not labelled: the old labels are gone and so do not meet the new crops.
    monkeypatch.setattr("frsdk.export.datasets.crop_shards._write_labels", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_shards(faces_of_grey("abc", 200), tmp_path, "train")
    assert not (tmp_path / "train.npz").exists()


def test_a_card_goes_with_the_train_crops_that_it_spoke_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shards(faces_of_grey("abc", 50), tmp_path, "train")
    card = tmp_path / "card.json"
    write_card(card, "Portraits", "CC0-1.0")
    write_shards(faces_of_grey("abc", 50), tmp_path, "val")
    with pytest.raises(RuntimeError):
        write_shards(faces_of_grey("abc", 200, then=RuntimeError()), tmp_path, "train")
    assert read_provenance(tmp_path).licence == "CC0-1.0"
    write_shards(faces_of_grey("abc", 200), tmp_path, "train")
    assert not card.exists() and "card.json: removed" in capsys.readouterr().err


def test_damaged_crops_are_skipped_up_to_a_share(faces_folder: Path) -> None:
    labels = read_labels(faces_folder / "train.npz")
    crops = load_crops(faces_folder, "train", labels)
    write_shards(
        (
            LabelledFace(f"k{i}", crops[i], labels.landmarks[i], 0.0, "x")
            for i in range(len(labels))
        ),
        faces_folder,
        "val",
    )
    shard = (faces_folder / "val-00.tar").read_bytes()
    at = shard.index(b"RIFF", len(shard) // 2)
    (faces_folder / "val-00.tar").write_bytes(shard[:at] + b"JUNK" + shard[at + 4 :])
    mine = read_labels(faces_folder / "val.npz")
    found, good = load_good_crops(faces_folder, "val", mine, bad_share=0.1)
    assert len(found) == 11 and good.sum() == 11
    with pytest.raises(InputError, match="not a 160x160 picture"):
        load_crops(faces_folder, "val", mine)


def test_shards_refuse_twins_and_nothing(tmp_path: Path) -> None:
    face = LabelledFace("k", np.zeros((160, 160, 3), np.uint8), np.zeros((68, 3)), 0.0, "x")
    with pytest.raises(InputError, match="two faces have the name k"):
        write_shards([face, face], tmp_path, "train")
    with pytest.raises(InputError, match="no face to write"):
        write_shards([], tmp_path, "train")


def test_stored_crop_keeps_points_on_their_pixels() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(80, 180, (68, 2)), rng.normal(size=(68, 1))], axis=1)
    x, y = points[7, :2]
    grid = np.mgrid[0:260, 0:260]
    dot = 255 * np.exp(-((grid[1] - x) ** 2 + (grid[0] - y) ** 2) / 8)
    crop, moved, roi = stored_crop(np.repeat(dot[..., None], 3, axis=2).astype(np.uint8), points)
    moments = cv2.moments(crop[..., 0].astype(float))
    got = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    assert got == pytest.approx(moved[7, :2], abs=0.1)
    assert roi.side == pytest.approx(np.ptp(points[:, :2], axis=0).max() * np.sqrt(2))
