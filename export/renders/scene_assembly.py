"""Put a person, an expression, a pose and light together into surfaces to draw."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .appearance_sampling import Appearance
from .drawing.body_to_camera import Placement
from .drawing.camera_sampling import CropCamera, HeadTurn, crop_camera
from .drawing.render_surfaces import Look, Part
from .expression_sampling import Expression
from .makehuman.head_model import HeadModel
from .makehuman.wardrobe import Garment, Wardrobe
from .occluders.occluder_sampling import sample_occluders

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]

_TEETH_LIGHT, _TONGUE_LIGHT = 0.45, 0.22  # shares that reach into the mouth
_SEALED_DM = 0.02  # lips this near hide the teeth
_CENTRE_BACK_DM = 0.75  # the head's centre lies behind the landmarks' mean


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture to draw and its truth.

    Attributes:
        parts: Surfaces in camera axes.
        camera: Of the crop.
        place: From the body's axes to the camera's.
        body: (19158, 3) vertices in the body's axes, with the expression.
        marks: (68, 3) landmarks in the body's axes, decimetres.
        landmarks: (68, 3) the same in camera axes.
    """

    parts: list[Part]
    camera: CropCamera
    place: Placement
    body: FloatArray
    marks: Array
    landmarks: Array


def assembled(
    head: HeadModel,
    wardrobe: Wardrobe,
    neutral: FloatArray,
    expression: Expression,
    appearance: Appearance,
    turn: HeadTurn,
    rng: np.random.Generator,
) -> Scene:
    """A person's scene.

    Args:
        head: The model.
        wardrobe: Hair and what else hangs on the head.
        neutral: (19158, 3) the person.
        expression: What the face does.
        appearance: What the person looks like.
        turn: How the head stands.
        rng: Of what covers the face.
    """
    body = head.expressive(neutral, expression.weights)
    body = head.with_turned_body(body, float(np.radians(turn.body_deg)))
    marks = head.landmarks.of(body)
    place = Placement(marks.mean(axis=0) - [0.0, 0.0, _CENTRE_BACK_DM], turn.rotation())
    landmarks = (marks - place.centre) @ place.rotation.T
    parts = [Part(head.skin, place(body), appearance.skin, appearance.skin_look)]
    parts += _in_the_head(wardrobe, body, marks, place, expression, appearance)
    skin = (appearance.skin, appearance.skin_look)
    before, hatted = sample_occluders(rng, head, body, marks, place, skin)
    if appearance.hair and not hatted:
        garment = wardrobe.hair[appearance.hair]
        look = _dyed(garment, appearance.hair_colour)
        look = replace(look, shine=0.5, gloss=14.0, soft=0.4)
        parts.append(_part(garment, body, place, look, transparent=True))
    parts += before
    camera = crop_camera(landmarks, turn.distance_dm)
    return Scene(parts, camera, place, body, marks, landmarks)


def _in_the_head(
    wardrobe: Wardrobe,
    body: FloatArray,
    marks: Array,
    place: Placement,
    expression: Expression,
    appearance: Appearance,
) -> list[Part]:
    """Eyes, teeth, tongue, brows and lashes."""
    teeth = Look(tint=(_TEETH_LIGHT,) * 3, shine=0.4, casts=False)
    tongue = Look(tint=(_TONGUE_LIGHT,) * 3, shine=0.3, casts=False)
    eye_look = Look(shine=1.2, gloss=90.0, casts=False, tint=(0.6, 0.6, 0.6))
    lips_apart = np.linalg.norm(marks[[61, 62]] - marks[[67, 66]], axis=1).sum()
    eyes = place(looking(wardrobe.eyes.fitted.fit(body), expression))
    brow, lash = wardrobe.brows[appearance.brow], wardrobe.lashes[appearance.lash]
    brow_look = _dyed(brow, appearance.brow_colour, casts=False)
    lash_look = _dyed(lash, (0.01, 0.008, 0.006), casts=False)
    mouth = [
        _part(wardrobe.teeth, body, place, teeth),
        _part(wardrobe.tongue, body, place, tongue),
    ]
    return [
        *(mouth if lips_apart > _SEALED_DM else []),
        Part(wardrobe.eyes.surface, eyes, appearance.eye, eye_look, transparent=True),
        _part(brow, body, place, brow_look, transparent=True),
        _part(lash, body, place, lash_look, transparent=True),
    ]


def looking(eyes: FloatArray, expression: Expression) -> FloatArray:
    """Both eyeballs (n, 3) turned toward where the eyes look."""
    turned = eyes.copy()
    for side, (across, up) in zip((1.0, -1.0), expression.gaze_rad, strict=True):
        chosen = eyes[:, 0] * side > 0.0
        ball = eyes[chosen]
        centre = (ball.min(axis=0) + ball.max(axis=0)) / 2.0
        turned[chosen] = (ball - centre) @ _turn(across, up).T + centre
    return turned


def _turn(across_rad: float, up_rad: float) -> FloatArray:
    ca, sa, cu, su = np.cos(across_rad), np.sin(across_rad), np.cos(up_rad), np.sin(up_rad)
    about_y = np.array([[ca, 0.0, sa], [0.0, 1.0, 0.0], [-sa, 0.0, ca]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cu, su], [0.0, -su, cu]])
    return np.asarray(about_y @ about_x, np.float32)


def _dyed(garment: Garment, colour: tuple[float, float, float], *, casts: bool = True) -> Look:
    """The garment's picture in another colour of the same mean brightness."""
    scale = 1.0 / max(garment.brightness, 1e-3)
    red, green, blue = (each * scale for each in colour)
    return Look(tint=(red, green, blue), recolour=1.0, shine=0.1, casts=casts)


def _part(
    garment: Garment,
    body: FloatArray,
    place: Placement,
    look: Look,
    *,
    transparent: bool = False,
) -> Part:
    vertices = place(garment.fitted.fit(body))
    return Part(garment.surface, vertices, garment.picture, look, transparent)
