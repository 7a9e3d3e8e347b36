"""Labels and crops: what is read, and how damage is named."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.datasets.face_labels import annotated_landmarks, read_labels
from frsdk.export.datasets.stored_crops import load_crops
from frsdk.export.training.prepare_training import load_training_data
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model


def rewritten(path: Path, **changes: np.ndarray) -> Path:
    """The label file with some arrays replaced."""
    with np.load(path) as arrays:
        content = {name: arrays[name] for name in arrays.files}
    np.savez(path, **{**content, **changes})
    return path


def test_fitted_labels_decode_to_the_landmarks(faces_folder: Path) -> None:
    data, basis = load_training_data(faces_folder, builtin_face_model())
    labels = read_labels(faces_folder / "train.npz")
    points = basis.decode(data.params)
    points[..., 0] += 20
    points[..., 1] = 119 - points[..., 1] + 20
    error = nme_percent(points[..., :2], annotated_landmarks(labels)[..., :2])
    assert error.max() < 0.3  # the labels are faces of the model
    assert data.crops.shape == (12, 160, 160, 3) and data.crops.std() > 20
    assert data.sampling.sum() == pytest.approx(1)
    assert labels.has_annotation.tolist() == [True] * 4 + [False] * 8


def test_damaged_labels_are_named(faces_folder: Path) -> None:
    path = faces_folder / "train.npz"
    good = path.read_bytes()
    with np.load(path) as arrays:
        points = arrays["lmk68"]
    points[3, 5, 0] = np.nan
    with pytest.raises(InputError, match="1 of 12 labels in lmk68 are not finite"):
        read_labels(rewritten(path, lmk68=points))
    path.write_bytes(good)
    with pytest.raises(InputError, match=r"lmk68: expected \(12, 68, 3\), got \(11, 68, 3\)"):
        read_labels(rewritten(path, lmk68=points[:11]))
    path.write_bytes(good)
    with pytest.raises(InputError, match=r"gt30: expected \(12, 30, 2\), got \(9, 30, 2\)"):
        read_labels(rewritten(path, gt30=np.zeros((9, 30, 2))))
    path.write_bytes(good)
    with pytest.raises(InputError, match=r"key: expected one for each face, got shape \(\)"):
        read_labels(rewritten(path, key=np.array("x")))
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(InputError, match="not a label file"):
        read_labels(path)
    path.unlink()
    with pytest.raises(InputError, match="no such label file"):
        read_labels(path)


def test_damaged_shards_are_named(faces_folder: Path) -> None:
    labels = read_labels(faces_folder / "train.npz")
    shard = faces_folder / "train-00.tar"
    with tarfile.open(shard) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    for broken, message in (
        ({**members, "train3.webp": b"RIFF"}, "train3.webp: not a 160x160 picture"),
        ({k: v for k, v in members.items() if k != "train3.webp"}, "1 of 12 train crops missing"),
    ):
        with tarfile.open(shard, "w") as archive:
            for name, data in broken.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        with pytest.raises(InputError, match=message):
            load_crops(faces_folder, "train", labels)
    shard.write_bytes(b"not a tar")
    with pytest.raises(InputError, match="not a readable tar"):
        load_crops(faces_folder, "train", labels)
    shard.unlink()
    with pytest.raises(InputError, match="no such shard"):
        load_crops(faces_folder, "train", labels)
