"""Draw what covers a face, if anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..drawing.body_to_camera import Placement
from ..drawing.render_surfaces import Look, Part
from ..makehuman.head_model import HeadModel
from .face_coverings import face_covering, sample_covering
from .glasses import glasses, sample_glasses
from .headwear import hat, sample_hat
from .held_things import held_hand, held_thing

Array = NDArray[np.float64]

GLASSES, MASK, HAT, HAND, THING = 0.2, 0.06, 0.08, 0.07, 0.06  # shares of the pictures


def sample_occluders(
    rng: np.random.Generator,
    head: HeadModel,
    body: NDArray[np.float32],
    marks: Array,
    place: Placement,
    skin: tuple[str, Look],
) -> tuple[list[Part], bool]:
    """What covers the face, and whether it is a hat, under which hair has no place.

    Args:
        rng: Random numbers.
        head: The model.
        body: (19158, 3) vertices in the body's axes.
        marks: (68, 3) landmarks in the same axes.
        place: To the camera's axes.
        skin: Picture and look of the skin, for hands.
    """
    wear, cover, top, hold, thing = rng.random(5) < (GLASSES, MASK, HAT, HAND, THING)
    surface = body[head.skin.source]
    parts: list[Part] = []
    if wear:
        parts += glasses(sample_glasses(rng), marks, place)
    if cover:
        parts.append(face_covering(sample_covering(rng), surface, marks, place))
    if top:
        above = surface[surface[:, 1] > marks[8, 1]]
        parts += hat(sample_hat(rng), above, marks, place)
    if hold:
        parts.append(held_hand(head, *skin, marks, place, rng))
    if thing:
        parts.append(held_thing(marks, place, rng))
    return parts, bool(top)
