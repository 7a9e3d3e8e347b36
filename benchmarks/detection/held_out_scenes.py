"""Pictures with known faces that no detector of ours was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import InputError, read_image
from frsdk.export.detector.backgrounds import Backgrounds
from frsdk.export.detector.camera_noise import CameraSettings
from frsdk.export.detector.compose_scenes import SceneComposer, SceneSettings
from frsdk.export.detector.detector_labels import face_boxes
from frsdk.export.detector.face_stock import FaceStock, load_stock
from frsdk.export.detector.scene_canvas import Scene
from frsdk.specs.json_text import parse_json

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

SCENE_PX = 320

_HARD = SceneSettings(
    faceless=0.0, mosaic=0.1, portrait=0.2, photograph=0.0, most_faces=8, smallest_px=12.0
)
_PLAIN = replace(_HARD, occlusion=0.0, tilted=0.0, camera=CameraSettings(0, 0, 0, 0, 0, 0, 0))
_ALONE = replace(_PLAIN, mosaic=0.0, portrait=0.0, most_faces=1, smallest_px=32.0, inset=0.6)
#: Kinds of scenes: up to eight faces that may overlap and reach over the edge, from 12 px; and the
#: same with blur, darkness, noise, occlusion and turns of up to 45 degrees, as in training.
KINDS = {
    "plain": _PLAIN,
    "hard": _HARD,
}
_WILD = ("afw", "helen", "udacity", "cfp_profile")
_PORTRAIT_ENLARGEMENT = 2
_FOREHEAD = 0.35  # of the landmark box's height: from the brows to where detectors' boxes begin


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its faces.

    Attributes:
        name: For messages.
        image: (h, w, 3) uint8 BGR.
        faces: (k, 4) boxes from forehead to chin.
        ignored: (m, 4) boxes in which a detection is neither right nor wrong.
        yaw_deg: (k,) NaN where not known.
        landmarks: (k, 68, 2) image pixels, NaN where not known.
    """

    name: str
    image: Image
    faces: Array
    ignored: Array
    yaw_deg: Array
    landmarks: Array


def scenes(
    faces: Path, backgrounds: Path, count: int, kind: str = "plain", *, seed: int = 0
) -> Iterator[Picture]:
    """Held-out crops pasted onto held-out backgrounds, 320 px.

    Args:
        faces: Folder with ``val.npz`` and its shards.
        backgrounds: Folder of photographs without faces.
        count: Of scenes.
        kind: One of :data:`KINDS`.
        seed: Of everything random.
    """
    stock = load_stock(faces, "val", clean=False)
    # Every face in the wild and every profile weighs alike; studio portraits a fifth.
    sampling = np.where(np.isin(stock.source, _WILD), 1.0, 0.2)
    stock = replace(stock, sampling=sampling / sampling.sum())
    compose = SceneComposer(stock, Backgrounds.load(backgrounds), KINDS[kind])
    for index in range(count):
        scene = compose(SCENE_PX, np.random.default_rng([seed, index]))
        yield _picture(f"{kind} scene {index}", scene, stock)


def alone(
    faces: Path, backgrounds: Path, most: int | None = None, *, repeats: int = 2
) -> Iterator[Picture]:
    """Each held-out face in the wild and each profile alone on a background, from 32 px, 320 px.

    Args:
        faces: Folder with ``val.npz`` and its shards.
        backgrounds: Folder of photographs without faces.
        most: Show no more faces than this, spread over all of them.
        repeats: How often each face is shown, at another place and size.
    """
    stock, pictures = load_stock(faces, "val", clean=False), Backgrounds.load(backgrounds)
    for row in _wild_rows(stock, most):
        only = replace(stock, sampling=(np.arange(len(stock)) == row).astype(np.float64))
        compose = SceneComposer(only, pictures, _ALONE)
        for repeat in range(repeats):
            scene = compose(SCENE_PX, np.random.default_rng([2, int(row), repeat]))
            yield _picture(f"face {row}", scene, stock)


def portraits(faces: Path, most: int | None = None) -> Iterator[Picture]:
    """Each held-out crop in the wild and each profile as a photograph by itself, enlarged twice.

    Nothing is pasted: what surrounds the face is its own photograph, without the black around it.

    Args:
        faces: Folder with ``val.npz`` and its shards.
        most: Show no more faces than this, spread over all of them.
    """
    stock = load_stock(faces, "val", clean=False)
    for row in _wild_rows(stock, most):
        x0, y0, x1, y1 = (int(value) for value in stock.content[row])
        size = ((x1 - x0) * _PORTRAIT_ENLARGEMENT, (y1 - y0) * _PORTRAIT_ENLARGEMENT)
        image = cv2.resize(stock.crops[row, y0:y1, x0:x1], size, interpolation=cv2.INTER_CUBIC)
        points = (stock.landmarks[row : row + 1] - (x0, y0)) * _PORTRAIT_ENLARGEMENT
        yield Picture(
            name=f"portrait {row}",
            image=np.asarray(image, np.uint8),
            faces=face_boxes(points),
            ignored=np.zeros((0, 4)),
            yaw_deg=stock.yaw_deg[row : row + 1],
            landmarks=points - 0.5,
        )


def _wild_rows(stock: FaceStock, most: int | None) -> list[int]:
    wild = np.isin(stock.source, _WILD)
    rows = np.flatnonzero(wild) if wild.any() else np.arange(len(stock))
    count = len(rows) if most is None else min(most, len(rows))
    chosen = np.linspace(0, len(rows) - 1, count).round().astype(int)
    return [int(row) for row in rows[chosen]]


def _picture(name: str, scene: Scene, stock: FaceStock) -> Picture:
    return Picture(
        name=name,
        image=scene.image,
        faces=scene.boxes,
        ignored=scene.ignored,
        yaw_deg=stock.yaw_deg[scene.rows],
        landmarks=scene.landmarks - 0.5,
    )


def photographs(folder: Path) -> list[Picture]:
    """Whole photographs with ``photos.json``, whose boxes are those of the 68 landmarks.

    The boxes are grown to the forehead, as detectors draw them.

    Raises:
        InputError: The list or a photograph is missing or damaged.
    """
    path = folder / "photos.json"
    try:
        entries = parse_json(path.read_text(encoding="utf-8"))["photos"]
        listed = [
            (entry["file"], [face["box"] for face in entry["faces"]], entry["ignore"])
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a list of photographs: {error}") from error
    if not listed:
        raise InputError(f"{path}: lists no photograph: give a folder with some")
    pictures = []
    for name, boxes, ignored in listed:
        faces = np.array(boxes, np.float64).reshape(-1, 4) + 0.5
        faces[:, 1] -= _FOREHEAD * (faces[:, 3] - faces[:, 1])
        unknown = np.full((len(faces), 68, 2), np.nan)
        rest = np.array(ignored, np.float64).reshape(-1, 4)
        yaw_deg = np.full(len(faces), np.nan)
        image = read_image(folder / name)
        pictures.append(Picture(name, image, faces, rest, yaw_deg, unknown))
    return pictures


def landmark_boxes(faces: Array) -> Array:
    """(k, 4) boxes of the 68 landmarks, pixel centres at integers, of a photograph's faces."""
    boxes = faces - 0.5
    boxes[:, 1] = boxes[:, 3] - (boxes[:, 3] - boxes[:, 1]) / (1.0 + _FOREHEAD)
    return boxes


def faceless(folder: Path) -> list[Image]:
    """Every picture of a folder.

    Raises:
        InputError: The folder holds none, or one is not a picture.
    """
    suffixes = {".jpg", ".jpeg", ".png", ".webp"}
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in suffixes)
    if not paths:
        raise InputError(f"{folder}: no picture in it: run scripts/fetch_backgrounds.py")
    return [read_image(path) for path in paths]
