"""Write renders as a folder of labelled crops, with their terms and a contact sheet."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from frsdk.errors import InputError
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.storage.atomic_write import atomic_write, check_destination

from ..datasets.crop_shards import write_shards
from ..datasets.data_provenance import CARD_NAME
from ..datasets.labelled_face import LabelledFace
from ..facemodel.evaluate_face_model import landmark_basis_of
from ..runs.run_progress import with_progress
from .render_faces import FaceStudio, RenderSettings
from .render_truth import fitted_faces

__all__ = ["RenderSettings", "RendersWritten", "write_renders"]

_CARD = {
    "name": "frsdk renders of made-up people",
    "licence": "CC0-1.0 sources: MakeHuman (head, assets, skins), @pmndrs/assets (environments)",
}
_COLUMNS, _SHOWN = 10, 40
_TILE = 120  # pixels of a picture on the sheet
_SHEETS = (".png", ".jpg")


@dataclass(frozen=True, slots=True)
class RendersWritten:
    """What was written.

    Attributes:
        count: Pictures.
        pictures_per_s: Drawn, fitted and encoded, without the reading of the sources.
        pictures_per_core_s: The same by the time that the process had a core.
    """

    count: int
    pictures_per_s: float
    pictures_per_core_s: float


def write_renders(
    sources: Path,
    folder: Path,
    settings: RenderSettings,
    *,
    split: str = "train",
    face_model: Path | None = None,
    sheet: Path | None = None,
) -> RendersWritten:
    """Draw and write labelled crops.

    Args:
        sources: Folder of the fetched sources.
        folder: Where to.
        settings: What is drawn.
        split: "train" or "val".
        face_model: Whose parameters are fitted to the landmarks.
        sheet: A .png or .jpg of the first pictures.

    Raises:
        InputError: A source is missing, damaged or of another version.
        MissingDependencyError: The extra synth is not installed.
        BackendError: OpenGL cannot be opened.
        FaceModelError: The face model is damaged.
        OutputError: A file cannot be written.
    """
    if sheet is not None and sheet.suffix.lower() not in _SHEETS:
        raise InputError(f"{sheet}: a sheet ends in {' or '.join(_SHEETS)}")
    if sheet is not None and sheet.parent != folder:  # which is made with the crops
        check_destination(sheet)  # said before hours of drawing
    model = MorphableModel.load(face_model) if face_model else None
    studio = FaceStudio(sources, settings.backdrops)
    shown: list[LabelledFace] = []
    started, on_core = time.perf_counter(), time.process_time()
    faces = with_progress("drawing", _first_kept(studio.faces(settings), shown), settings.count)
    if model is not None:
        faces = fitted_faces(faces, landmark_basis_of(model))
    count = write_shards(faces, folder, split)
    seconds, core_s = time.perf_counter() - started, time.process_time() - on_core
    if split == "train" or not (folder / "train.npz").exists():  # the card speaks for these crops
        atomic_write(folder / CARD_NAME, json.dumps(_CARD, indent=1).encode())
    if sheet is not None:
        _write_sheet(sheet, shown)
    return RendersWritten(count, count / seconds, count / core_s)


def _first_kept(faces: Iterator[LabelledFace], shown: list[LabelledFace]) -> Iterator[LabelledFace]:
    """The same faces; the first are kept for the sheet."""
    for face in faces:
        if len(shown) < _SHOWN:
            shown.append(face)
        yield face


def _write_sheet(path: Path, faces: list[LabelledFace]) -> None:
    """Pictures side by side; the last row is filled with black."""
    crops = [cv2.resize(face.crop, (_TILE, _TILE), interpolation=cv2.INTER_AREA) for face in faces]
    crops += [np.zeros_like(crops[0])] * (-len(crops) % _COLUMNS)
    rows = [np.hstack(crops[k : k + _COLUMNS]) for k in range(0, len(crops), _COLUMNS)]
    _, data = cv2.imencode(path.suffix.lower(), np.vstack(rows))
    atomic_write(path, data.tobytes())
