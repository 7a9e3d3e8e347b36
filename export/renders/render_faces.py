"""Draw made-up people as labelled faces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.head_pose import angles_300w_lp

from ..datasets.face_labels import STORED_SIZE
from ..datasets.labelled_face import LabelledFace
from .appearance_sampling import Appearance, sample_appearance
from .drawing.camera_sampling import sample_turn
from .drawing.environment_light import Light, read_panoramas
from .drawing.gl_renderer import GlRenderer
from .drawing.render_backdrops import Backdrops, read_backdrops
from .drawing.skin_noise import noise_picture
from .drawn_people import PICTURES_OF_A_PERSON, SOURCE, draw_person
from .expression_sampling import Expression, sample_expression, sample_names
from .makehuman.head_masks import head_masks
from .makehuman.head_model import read_head
from .makehuman.render_sources import found_sources
from .makehuman.wardrobe import read_wardrobe
from .render_truth import blendshape_row, seen_landmarks
from .scene_assembly import Scene, assembled

Image = NDArray[np.uint8]

_DRAWN_SIZE = 224  # pixels of a side before the picture is made smaller
_DIRECTIONS = 48  # from which light reaches the skin, for the ambient light
_WHITE_BALANCE = 0.7
_PICTURE = 1  # stream of random numbers of one seed


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """What is drawn.

    Attributes:
        count: Pictures.
        seed: Of everything; another seed makes other people.
        backdrops: A folder of pictures without faces, for backgrounds.
        every_name: Draw all of ARKit's names alike instead of what faces do.
    """

    count: int
    seed: int = 0
    backdrops: Path | None = None
    every_name: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Sitter:
    """A person: name, (19158, 3) vertices at rest, and looks."""

    name: str
    neutral: NDArray[np.float32]
    appearance: Appearance


class FaceStudio:
    """Everything that stays the same from picture to picture.

    Args:
        sources: Folder of the fetched sources.
        backdrops: Folder of pictures without faces.

    Raises:
        InputError: A source is missing, damaged or of another version.
        MissingDependencyError: moderngl or OpenEXR is not installed.
        BackendError: OpenGL cannot be opened.
    """

    def __init__(self, sources: Path, backdrops: Path | None = None) -> None:
        found = found_sources(sources)
        head = read_head(found)
        self.wardrobe = read_wardrobe(found)
        self.panoramas = read_panoramas(found.environments)
        pictures = read_backdrops(backdrops) if backdrops else []
        self.backdrops = Backdrops(self.panoramas, pictures)
        self.renderer = GlRenderer(
            _DRAWN_SIZE, STORED_SIZE, dict(self.wardrobe.textures), noise_picture()
        )
        middle = head.base - head.landmarks.of(head.base).mean(axis=0).astype(np.float32)
        ambient = self.renderer.ambient(head.skin, middle, _around(_DIRECTIONS))
        masks = head_masks(head, found.head / "mpfb2" / "textures", 0.25 + 0.75 * ambient)
        self.head = replace(head, skin=head.skin.with_masks(masks))

    def faces(self, settings: RenderSettings) -> Iterator[LabelledFace]:
        """Draw labelled faces, two of each person in a row."""
        for number in range(settings.count):
            if number % PICTURES_OF_A_PERSON == 0:
                sitter = self._sitter(settings.seed, number // PICTURES_OF_A_PERSON)
            rng = np.random.default_rng([settings.seed, _PICTURE, number])
            drawn = sample_names(rng) if settings.every_name else sample_expression(rng)
            yield self._face(sitter, drawn, f"{SOURCE}_{settings.seed}_{number:06d}", rng)

    def _sitter(self, seed: int, number: int) -> _Sitter:
        """Draw one person."""
        person, neutral, rng = draw_person(self.head, seed, number)
        wardrobe = self.wardrobe
        appearance = sample_appearance(
            rng,
            person,
            wardrobe.skin_colours,
            sorted(wardrobe.brows),
            sorted(wardrobe.lashes),
            wardrobe.eye_pictures,
        )
        return _Sitter(person.name, neutral, appearance)

    def _face(
        self, sitter: _Sitter, expression: Expression, key: str, rng: np.random.Generator
    ) -> LabelledFace:
        """Draw one picture of a person."""
        turn = sample_turn(rng)
        scene = assembled(
            self.head, self.wardrobe, sitter.neutral, expression, sitter.appearance, turn, rng
        )
        crop, seen = self._photograph(scene, rng)
        return LabelledFace(
            key=key,
            crop=crop,
            landmarks=scene.camera.crop_points(scene.landmarks),
            yaw_deg=angles_300w_lp(scene.place.rotation)[0],
            source=SOURCE,
            identity=sitter.name,
            eyes=expression.eyes,
            visible=seen,
            blendshapes=blendshape_row(expression.weights),
        )

    def _photograph(
        self, scene: Scene, rng: np.random.Generator
    ) -> tuple[Image, NDArray[np.bool_]]:
        """(160, 160, 3) uint8 BGR crop and (68,) which landmarks are seen."""
        panorama = self.panoramas[int(rng.integers(len(self.panoramas)))]
        turn = float(rng.random())
        light, exposure = exposed(panorama.light(turn), rng)
        backdrop = self.backdrops.sample(rng, panorama, turn, exposure, STORED_SIZE)
        camera = scene.camera
        pixels, depth = self.renderer.draw(
            scene.parts, camera.clip_matrix(), camera.distance, light, backdrop
        )
        seen = seen_landmarks(scene.landmarks, camera, depth)
        small = cv2.resize(pixels, (STORED_SIZE, STORED_SIZE), interpolation=cv2.INTER_AREA)
        bgr = np.asarray(small[..., ::-1], np.uint8)
        return np.ascontiguousarray(photographed(bgr, rng)), seen


def exposed(light: Light, rng: np.random.Generator) -> tuple[Light, float]:
    """Light as a camera exposes it for a face, and the factor; a little lamp may be added."""
    front = light.harmonics[0] * 0.282095 + light.harmonics[2] * 0.488603
    base = float(np.maximum(front, 0.0).mean()) + 1e-6
    lamp = float(light.lamp_colour.mean()) * max(float(light.lamp[2]), 0.15)
    factor = float(np.exp(rng.normal(-0.15, 0.35))) / max(base + lamp, 1e-4)
    # Cameras balance most of the light's colour away.
    balance = (np.maximum(front, 1e-6).mean() / np.maximum(front, 1e-6)) ** _WHITE_BALANCE
    direction, colour = light.lamp, np.minimum(light.lamp_colour * balance * factor, 1.4)
    if rng.random() < 0.4:  # a lamp from anywhere in front
        direction = rng.normal(0.0, 1.0, 3).astype(np.float32)
        direction[2] = abs(direction[2])
        direction /= np.linalg.norm(direction)
        colour = np.float32(rng.uniform(0.2, 1.3)) * np.clip(
            1.0 + rng.normal(0.0, 0.12, 3).astype(np.float32), 0.6, 1.4
        )
    return Light(light.harmonics * balance * np.float32(factor), direction, colour), factor


def photographed(picture: Image, rng: np.random.Generator) -> Image:
    """A render as a camera gives it: blur, noise, colour and compression, all mild."""
    image = np.asarray(picture, np.float32)
    if rng.random() < 0.35:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.1)), np.float32)
    image = image * np.clip(rng.normal(1.0, 0.05, 3), 0.85, 1.15).astype(np.float32)
    if rng.random() < 0.6:
        grain = rng.standard_normal(image.shape, np.float32)
        image = image + grain * np.float32(rng.uniform(0.5, 5.0))
    done = np.asarray(np.clip(image, 0.0, 255.0), np.uint8)
    if rng.random() < 0.3:
        quality = int(rng.integers(45, 92))
        _, data = cv2.imencode(".jpg", done, [cv2.IMWRITE_JPEG_QUALITY, quality])
        done = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if rng.random() < 0.05:
        grey = cv2.cvtColor(done, cv2.COLOR_BGR2GRAY)
        done = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return done


def _around(count: int) -> NDArray[np.float64]:
    """(count, 3) directions spread evenly over the sphere (a Fibonacci lattice)."""
    index = np.arange(count) + 0.5
    up = 1.0 - 2.0 * index / count
    angle = np.pi * (1.0 + 5.0**0.5) * index
    flat = np.sqrt(1.0 - up * up)
    return np.stack([flat * np.cos(angle), up, flat * np.sin(angle)], axis=1)
