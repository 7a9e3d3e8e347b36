"""Gather the faces that the detector's training scenes show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from frsdk import YuNetDetector
from frsdk.errors import InputError

from .face_stock import FaceStock, find_neighbours, load_stock

# Crops of these show other people beside the labelled one now and then.
_CROWDED = ("afw", "helen", "udacity")
_TEACHER_SCORE = 0.45


def load_detector_stock(
    folder: Path, *, teacher: Path | None = None, test_photos: Path | None = None
) -> FaceStock:
    """Decode the training crops.

    Args:
        folder: Folder with ``train.npz`` and its tar shards.
        teacher: A YuNet ``.onnx``; what it finds beside the labelled face counts neither as a face
            nor as background.
        test_photos: Folder of photographs for tests: crops named after one are left out.

    Raises:
        InputError: Labels, crops or the folder of photographs are missing or damaged.
        BackendError: The teacher is missing or not a YuNet network.
    """
    names: list[str] = []
    if test_photos is not None:
        names = [path.stem for path in sorted(test_photos.glob("*.jpg"))]
        if not names:
            raise InputError(f"{test_photos}: no .jpg photograph in it")
    stock = load_stock(folder, "train", leave_out=names)
    if teacher is None:
        return stock
    detect = YuNetDetector(teacher, min_score=_TEACHER_SCORE)
    return replace(stock, neighbours=find_neighbours(stock, detect, _CROWDED))
