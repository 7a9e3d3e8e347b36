"""Hands, telephones and other things that are held before a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..drawing.body_to_camera import Placement
from ..drawing.render_surfaces import Look, Part
from ..makehuman.head_model import HeadModel
from ..makehuman.surface_geometry import grid_surface

Array = NDArray[np.float64]

_BALL = grid_surface(12, 25)
_ALONG = np.array([1.0, 0.0, 0.0])  # from the wrist to the fingers in the base mesh
_WRIST_X = 3.55


def held_hand(
    head: HeadModel,
    picture: str,
    look: Look,
    marks: Array,
    place: Placement,
    rng: np.random.Generator,
) -> Part:
    """A hand that touches cheek, mouth, chin, nose or brow.

    Args:
        head: Has the hand.
        picture: Of the skin.
        look: Of the skin.
        marks: (68, 3) landmarks in the body's axes.
        place: To the camera's axes.
        rng: Random numbers.
    """
    vertices = head.base.astype(np.float64).copy()
    fingers = vertices[:, 0] > _WRIST_X
    palm = vertices[fingers].mean(axis=0)
    spot = marks[int(rng.choice([3, 13, 8, 33, 57, 24, 19, 48, 54]))]
    face_normal = _outward(marks, spot)
    up = np.array([rng.normal(0.0, 0.8), 1.0, 0.0])
    up -= face_normal * (up @ face_normal)
    up /= np.linalg.norm(up)
    # Fingers go up along the face, the palm looks at it; mirrored, it is the other hand.
    side = np.cross(up, face_normal)
    target = np.stack([up, face_normal, side if rng.random() < 0.5 else -side], axis=1)
    source = np.stack([_ALONG, *_palm_axes(vertices[fingers])], axis=1)
    moved = (vertices - palm) @ (target @ source.T).T
    offset = spot + face_normal * rng.uniform(0.25, 0.45) + up * rng.normal(-0.2, 0.3)
    plain = Look(tint=look.tint, shine=look.shine, gloss=look.gloss, soft=look.soft)
    return Part(head.hand, place(moved + offset), picture, plain)


def held_thing(marks: Array, place: Placement, rng: np.random.Generator) -> Part:
    """A telephone, a cup or a ball of any colour near the lower or the outer half of the face.

    Args:
        marks: (68, 3) landmarks in the body's axes.
        place: To the camera's axes.
        rng: Random numbers.
    """
    spot = marks[int(rng.choice([3, 13, 8, 57, 5, 11, 1, 15, 17, 26]))]
    normal = _outward(marks, spot)
    size = np.exp(rng.normal(-1.0, 0.35, 3)) * [0.8, 1.2, 0.5]
    points = _superellipsoid(float(rng.choice([1.0, 0.25, 0.15])))
    turn = np.linalg.qr(rng.normal(0.0, 1.0, (3, 3)))[0]
    turned = (points * size) @ turn.T
    offset = spot + normal * (float(np.ptp(turned @ normal)) / 2.0 + rng.uniform(0.03, 0.3))
    grey = rng.uniform(0.0, 0.7)
    tone = np.clip(grey * np.exp(rng.normal(0.0, 0.6, 3)), 0.0, 0.9)
    look = Look(tint=(float(tone[0]), float(tone[1]), float(tone[2])), shine=float(rng.random()))
    return Part(_BALL, place(turned + offset), "", look)


def _outward(marks: Array, spot: Array) -> Array:
    """Unit vector away from the head's axis at a landmark."""
    centre = np.array([0.0, spot[1], marks[[0, 16], 2].mean() - 0.2])
    away = spot - centre
    return np.asarray(away / np.linalg.norm(away), np.float64)


def _palm_axes(hand: Array) -> tuple[Array, Array]:
    """Unit vectors across the palm's plane and along it, at right angles to the fingers."""
    flat = hand - hand.mean(axis=0)
    flat -= np.outer(flat @ _ALONG, _ALONG)
    _, vectors = np.linalg.eigh(flat.T @ flat)  # the least is the fingers' axis, removed
    thin = vectors[:, 1]
    return thin, np.cross(_ALONG, thin)


def _superellipsoid(power: float) -> Array:
    """(12 * 25, 3) ball at power 1, box near 0, poles on top and below."""
    up = np.linspace(np.pi / 2.0, -np.pi / 2.0, 12)[:, None]
    around = np.linspace(0.0, 2.0 * np.pi, 25)[None]

    def curved(value: Array) -> Array:
        return np.asarray(np.sign(value) * np.abs(value) ** power, np.float64)

    x = curved(np.cos(up)) * curved(np.sin(around))
    z = curved(np.cos(up)) * curved(np.cos(around))
    y = np.broadcast_to(curved(np.sin(up)), x.shape)
    return np.stack([x, y, z], axis=-1).reshape(-1, 3)
