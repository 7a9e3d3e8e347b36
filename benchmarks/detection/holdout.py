"""Pictures with known faces that no detector of ours was trained on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk import InputError, read_image
from frsdk.export.detector.backgrounds import Backgrounds
from frsdk.export.detector.camera import CameraSettings
from frsdk.export.detector.face_stock import load_stock
from frsdk.export.detector.scenes import SceneComposer, SceneSettings

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

SCENE_PX = 320

_HARD = SceneSettings(faceless=0.0, mosaic=0.1, most_faces=8, smallest_px=12.0)
_PLAIN = replace(_HARD, occlusion=0.0, tilted=0.0, camera=CameraSettings(0, 0, 0, 0, 0, 0, 0))
#: Kinds of scenes: one face in full sight, from 32 px; up to eight that may overlap and reach over
#: the edge, from 12 px; and the same with blur, darkness, noise, occlusion and turns of up to 45
#: degrees, as in training.
KINDS = {
    "single": replace(_PLAIN, mosaic=0.0, portrait=0.0, most_faces=1, smallest_px=32.0, inset=0.6),
    "plain": _PLAIN,
    "hard": _HARD,
}
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
    wild = np.isin(stock.source, ["afw", "helen", "udacity", "cfp_profile"])
    # Every face in the wild and every profile weighs alike; studio portraits a fifth.
    sampling = np.where(wild, 1.0, 0.2)
    stock = replace(stock, sampling=sampling / sampling.sum())
    compose = SceneComposer(stock, Backgrounds.load(backgrounds), KINDS[kind])
    for index in range(count):
        scene = compose(SCENE_PX, np.random.default_rng([seed, index]))
        yield Picture(
            name=f"{kind} scene {index}",
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
        entries = json.loads(path.read_text(encoding="utf-8"))["photos"]
        listed = [
            (entry["file"], [face["box"] for face in entry["faces"]], entry["ignore"])
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a list of photographs: {error}") from error
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
