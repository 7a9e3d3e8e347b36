"""Gather the faces that the detector's training scenes show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from frsdk import YuNetDetector
from frsdk.errors import InputError

from .face_stock import FaceStock, find_neighbours, stock_of, usable_faces
from .turned_faces import with_turned_faces

# Crops of these show other people beside the labelled one now and then.
_CROWDED = ("afw", "helen", "udacity")
_TEACHER_SCORE = 0.45


def load_detector_stock(
    folder: Path,
    *,
    teacher: Path | None = None,
    test_photos: Path | None = None,
    turned: int = 0,
    seed: int = 0,
) -> FaceStock:
    """Decode the training crops.

    Args:
        folder: Folder with ``train.npz`` and its tar shards.
        teacher: A YuNet ``.onnx``; what it finds beside the labelled face counts neither as a face
            nor as background.
        test_photos: Folder of photographs for tests: crops named after one are left out.
        turned: How many faces turned in 3D to add.
        seed: Of their choice.

    Raises:
        InputError: Labels, crops or the folder of photographs are missing or damaged.
        BackendError: The teacher is missing or not a YuNet network.
    """
    names: list[str] = []
    if test_photos is not None:
        names = [path.stem for path in sorted(test_photos.glob("*.jpg"))]
        if not names:
            raise InputError(f"{test_photos}: no .jpg photograph in it")
    labels, crops = usable_faces(folder, "train", leave_out=names)
    stock = stock_of(labels, crops)
    if teacher is not None:
        detect = YuNetDetector(teacher, min_score=_TEACHER_SCORE)
        stock = replace(stock, neighbours=find_neighbours(stock, detect, _CROWDED))
    return with_turned_faces(stock, labels, turned, seed) if turned else stock
