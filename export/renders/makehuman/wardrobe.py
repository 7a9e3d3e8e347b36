"""Hair, brows, lashes, eyes and teeth that hang on the head, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .head_model import VERTICES
from .makehuman_files import FittedMesh, read_fitted
from .render_sources import RenderSources, damaged
from .surface_geometry import DrawnSurface, drawn_surface

Image = NDArray[np.uint8]

_HAIR = (
    "bob02", "braid01", "long01", "ponytail01", "short01", "short02", "short03", "short04",
)  # fmt: skip
_RIM_PX = 6.0
_SKIN_SIZE, _HAIR_SIZE, _SMALL_SIZE = 2048, 1024, 512
#: Pictures of skins whose owners released them as CC0; others in the folder are left out.
SKINS = (
    "middleage_darkskinned_female_diffuse", "middleage_darkskinned_male_diffuse",
    "middleage_lightskinned_female_diffuse2", "middleage_lightskinned_male_diffuse",
    "middleage_lightskinned_male_diffuse2", "old_darkskinned_female_diffuse",
    "old_darkskinned_male_diffuse", "old_lightskinned_male_diffuse2",
    "young_darkskinned_male_diffuse", "young_lightskinned_female_diffuse2",
    "young_lightskinned_female_diffuse3", "young_lightskinned_male_diffuse",
    "young_lightskinned_male_diffuse2", "young_lightskinned_male_diffuse3",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """Something that hangs on the head.

    Attributes:
        fitted: How it follows the body.
        surface: Its triangles.
        picture: Name of its texture.
        brightness: Mean of its picture's linear brightness where it is solid.
    """

    fitted: FittedMesh
    surface: DrawnSurface
    picture: str
    brightness: float


@dataclass(frozen=True, slots=True, eq=False)
class Wardrobe:
    """All garments and textures.

    Attributes:
        hair: Style -> garment; the same for brows and lashes.
        eyes: Both eyeballs.
        teeth: Both rows.
        tongue: It.
        eye_pictures: Names of the textures of eyes.
        textures: Name -> (h, w, 4) uint8 RGBA.
        skin_colours: Name of a skin -> mean linear RGB of its face.
    """

    hair: Mapping[str, Garment]
    brows: Mapping[str, Garment]
    lashes: Mapping[str, Garment]
    eyes: Garment
    teeth: Garment
    tongue: Garment
    eye_pictures: tuple[str, ...]
    textures: Mapping[str, Image]
    skin_colours: Mapping[str, NDArray[np.float64]]


def read_wardrobe(sources: RenderSources) -> Wardrobe:
    """Read everything.

    Raises:
        InputError: A file is missing, damaged or of another version.
    """
    meshes, pictures = sources.meshes, sources.pictures
    textures: dict[str, Image] = {}

    def garment(folder: Path, picture: Path, size: int) -> Garment:
        found = sorted(folder.glob("*.mhclo"))
        if not found:
            raise damaged(folder, "no .mhclo there")
        fitted = read_fitted(found[0], VERTICES)
        mesh = fitted.mesh
        surface = drawn_surface(
            mesh.triangles, mesh.texture_triangles, mesh.texture, len(mesh.vertices)
        )
        textures.setdefault(picture.stem, _read_picture(picture, size))
        return Garment(fitted, surface, picture.stem, _brightness(textures[picture.stem]))

    def named(kind: str, names: tuple[str, ...], ending: str, size: int) -> dict[str, Garment]:
        return {
            name: garment(meshes / kind / name, pictures / kind / name / f"{name}{ending}", size)
            for name in names
        }

    brow_names = tuple(f"eyebrow{k:03d}" for k in range(1, 13))
    lash_names = tuple(f"eyelashes{k:02d}" for k in range(1, 5))
    eye_files = sorted((pictures / "eyes" / "materials").glob("*_eye.png"))
    if not eye_files:
        raise damaged(pictures / "eyes" / "materials" / "brown_eye.png", "no pictures of eyes")
    eyes = garment(pictures / "eyes" / "high-poly", eye_files[0], _SMALL_SIZE)
    for path in eye_files:
        textures.setdefault(path.stem, _read_picture(path, _SMALL_SIZE))
    tongue = pictures / "tongue" / "tongue01" / "tongue01_diffuse.png"
    skins = pictures / "skins" / "textures"
    for name in SKINS:
        textures[name] = _read_picture(skins / f"{name}.png", _SKIN_SIZE)
    return Wardrobe(
        hair=named("hair", _HAIR, "_diffuse.png", _HAIR_SIZE),
        brows=named("eyebrows", brow_names, ".png", _SMALL_SIZE),
        lashes=named("eyelashes", lash_names, ".png", _SMALL_SIZE),
        eyes=eyes,
        teeth=garment(
            meshes / "teeth" / "teeth_base",
            pictures / "teeth" / "materials" / "teeth.png",
            _SMALL_SIZE,
        ),
        tongue=garment(meshes / "tongue" / "tongue01", tongue, _SMALL_SIZE),
        eye_pictures=tuple(path.stem for path in eye_files),
        textures=textures,
        skin_colours={name: _face_colour(textures[name]) for name in SKINS},
    )


def _read_picture(path: Path, size: int) -> Image:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise damaged(path, "no readable picture")
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
    if picture.shape[:2] != (size, size):
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return _with_full_colours(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), np.uint8))


def _with_full_colours(picture: Image) -> Image:
    """Transparent texels take the colour of solid ones near by, so that edges have no rim."""
    alpha = picture[..., 3:].astype(np.float32) / 255.0
    if alpha.min() > 0.99:
        return picture
    blurred = [
        cv2.GaussianBlur(each, (0, 0), _RIM_PX)
        for each in (picture[..., :3].astype(np.float32) * alpha, alpha)
    ]
    mean = (picture[..., :3] * alpha).sum(axis=(0, 1)) / max(float(alpha.sum()), 1e-6)
    weight = blurred[1][..., None]
    near = (blurred[0] + 1e-3 * mean) / (weight + 1e-3)
    filled = picture[..., :3] * alpha + near * (1.0 - alpha)
    return np.concatenate([filled.astype(np.uint8), picture[..., 3:]], axis=2)


def _linear(picture: Image) -> NDArray[np.float64]:
    return np.asarray((picture[..., :3] / 255.0) ** 2.2, np.float64)


def _brightness(picture: Image) -> float:
    solid = picture[..., 3] > 127
    chosen = _linear(picture[solid]) if solid.any() else _linear(picture.reshape(-1, 4))
    return float((chosen @ np.array([0.3, 0.59, 0.11])).mean())


def _face_colour(picture: Image) -> NDArray[np.float64]:
    """Median colour around the middle of the face in MakeHuman's layout of skins."""
    size = picture.shape[0]
    rows = slice(int(0.45 * size), int(0.58 * size))
    columns = slice(int(0.85 * size), int(0.95 * size))
    return np.asarray(np.median(_linear(picture[rows, columns]).reshape(-1, 3), axis=0), np.float64)
