"""Gather the faces that the detector's training scenes show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk import Detection, YuNetDetector
from frsdk.errors import InputError
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

from ..augmentation.covers.face_covers import DETECTOR_COVERS, covered
from ..datasets.data_provenance import DataProvenance
from ..datasets.face_labels import joined
from ..runs.run_identity import digest_of_path, digest_of_texts
from .backgrounds import background_paths
from .detector_profiling import with_turned_faces
from .drawn_border import without_drawn_border
from .face_stock import (
    COVERED_SOURCE,
    SOURCE_SHARES,
    TURNED_SOURCE,
    FaceStock,
    find_neighbours,
    sampling_weights,
    stock_of,
    usable_faces,
)
from .second_people import MediapipePeople

# Pictures of these show one person.
_POSED = ("aaf", "cfp_frontal", "cfp_profile", "utkface", "render")
_TEACHER_SCORE = 0.45

#: What to give where a part of a run's identity differs.
IDENTITY_OPTIONS = {
    "labels": "the same FACES and --also",
    "folders": "as many --also",
    "backgrounds": "the same BACKGROUNDS",
    "test_photos": "the same --test-photos",
    "face_model": "its --face-model",
    "shares": "the same --share",
    "teacher": "the same --teacher",
}


@dataclass(frozen=True, slots=True)
class StockSettings:
    """What a stock is made of beside its folders' crops.

    Attributes:
        teacher: A YuNet ``.onnx``, or MediaPipe's wheel; what it finds beside the labelled face
            counts neither as a face nor as background.
        test_photos: Folder of photographs for tests: crops named after one are left out.
        turned: How many faces turned in 3D to add.
        covered: How many faces behind masks and the like to add.
        shares: Of the draws, for sources that the default ones do not fit.
        face_model: Turns the faces; None: the built-in one.
        seed: Of the choices.
    """

    teacher: Path | None = None
    test_photos: Path | None = None
    turned: int = 0
    covered: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    face_model: Path | None = None
    seed: int = 0


def identity_of(
    data: DataProvenance, folders: int, backgrounds: Path, settings: StockSettings
) -> dict[str, str]:
    """Digests and texts for the state; empty for what the run does without.

    Args:
        data: Of all folders of crops.
        folders: How many there are; one may be given twice.
        backgrounds: Folder of photographs without faces: their names count.
        settings: What the crops are joined by.

    Raises:
        FaceModelError: The face model is missing or damaged.
        InputError: The teacher cannot be read.
    """
    photos = settings.test_photos
    shares = {name: settings.shares[name] for name in sorted(settings.shares)}
    return {
        "labels": data.labels_sha256,
        "folders": str(folders),
        "backgrounds": digest_of_texts(path.name for path in background_paths(backgrounds)),
        "test_photos": digest_of_texts(sorted(each.stem for each in photos.glob("*.jpg")))
        if photos
        else "",
        "face_model": _turning_model(settings).sha256 if settings.turned else "",
        "shares": json.dumps(shares) if shares else "",
        "teacher": digest_of_path(settings.teacher) if settings.teacher else "",
    }


def load_detector_stock(folders: Sequence[Path], settings: StockSettings) -> FaceStock:
    """Decode the training crops of one or more folders.

    Args:
        folders: Folders with ``train.npz`` and its tar shards.
        settings: What is added, and how often each source is drawn.

    Raises:
        InputError: Labels, crops, the teacher or the folder of photographs are missing or damaged,
            or a share names a source that no folder has.
        BackendError: The teacher is missing or not a YuNet network.
        FaceModelError: The face model is missing or damaged.
        MissingDependencyError: MediaPipe's models need LiteRT.
    """
    names: list[str] = []
    if settings.test_photos is not None:
        names = [path.stem for path in sorted(settings.test_photos.glob("*.jpg"))]
        if not names:
            raise InputError(f"{settings.test_photos}: no .jpg photograph in it")
    detect = _teacher(settings.teacher)
    parts = [usable_faces(folder, "train", leave_out=names) for folder in folders]
    labels = joined([part[0] for part in parts])
    crops = np.concatenate([part[1] for part in parts]) if len(parts) > 1 else parts[0][1]
    del parts  # gigabytes
    stock = stock_of(labels, crops)
    shares = _checked(settings, stock) if settings.shares else SOURCE_SHARES
    sampling = sampling_weights(stock.source, stock.yaw_deg, shares)
    stock = replace(stock, content=_photographs(stock), sampling=sampling)
    if detect is not None:
        stock = replace(stock, neighbours=find_neighbours(stock, detect, _POSED))
    if settings.turned:
        model = _turning_model(settings)
        stock = with_turned_faces(stock, labels, settings.turned, settings.seed, model)
    if settings.covered:
        stock = with_covered_faces(stock, settings.covered, settings.seed, shares)
    return replace(stock, sampling=sampling_weights(stock.source, stock.yaw_deg, shares))


def with_covered_faces(
    stock: FaceStock, count: int, seed: int, shares: Mapping[str, float]
) -> FaceStock:
    """Append copies of faces behind masks, scarves, sunglasses, hats or hands.

    Args:
        stock: n faces.
        count: How many to add, at most n.
        seed: Of the choice and of what is painted.
        shares: How often a source is chosen.
    """
    rng = np.random.default_rng([seed, 4])
    weights = sampling_weights(stock.source, stock.yaw_deg, shares)
    rows = rng.choice(len(stock), min(count, len(stock)), replace=False, p=weights)
    painted = [
        covered(stock.crops[row], stock.landmarks[row], rng, DETECTOR_COVERS) for row in rows
    ]
    first = len(stock)
    neighbours = {
        first + k: stock.neighbours[int(row)]
        for k, row in enumerate(rows)
        if int(row) in stock.neighbours
    }
    source = np.concatenate([stock.source, np.full(len(rows), COVERED_SOURCE)])
    yaw_deg = np.concatenate([stock.yaw_deg, stock.yaw_deg[rows]])
    return FaceStock(
        crops=np.concatenate([stock.crops, np.array(painted)]),
        landmarks=np.concatenate([stock.landmarks, stock.landmarks[rows]]),
        content=np.concatenate([stock.content, stock.content[rows]]),
        neighbours={**stock.neighbours, **neighbours},
        sampling=sampling_weights(source, yaw_deg),
        yaw_deg=yaw_deg,
        source=source,
    )


def _turning_model(settings: StockSettings) -> MorphableModel:
    chosen = settings.face_model
    return builtin_face_model() if chosen is None else MorphableModel.load(chosen)


def _photographs(stock: FaceStock) -> NDArray[np.int64]:
    """(n, 4) the photograph's part of each crop, without drawn borders."""
    pairs = zip(stock.crops, stock.content, strict=True)
    return np.array([without_drawn_border(crop, tuple(part.tolist())) for crop, part in pairs])


def _teacher(path: Path | None) -> Callable[[NDArray[np.uint8]], Sequence[Detection]] | None:
    if path is None:
        return None
    if path.suffix == ".onnx":
        return YuNetDetector(path, min_score=_TEACHER_SCORE)
    return MediapipePeople(path, min_score=_TEACHER_SCORE)


def _checked(settings: StockSettings, stock: FaceStock) -> Mapping[str, float]:
    known = set(stock.source.tolist()) | {TURNED_SOURCE, COVERED_SOURCE}
    unknown = sorted(set(settings.shares) - known)
    if unknown:
        raise InputError(f"no faces of {', '.join(unknown)}: the sources are {sorted(known)}")
    return settings.shares
