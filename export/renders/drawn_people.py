"""The people of a seed: who is drawn, and their landmarks at rest."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

from .makehuman.head_model import HeadModel
from .person_sampling import Person, sample_person

SOURCE = "render"
PICTURES_OF_A_PERSON = 2
_PERSON = 0  # stream of random numbers of one seed


def draw_person(
    head: HeadModel, seed: int, number: int
) -> tuple[Person, NDArray[np.float32], np.random.Generator]:
    """A seed's person of this number, (19158, 3) vertices at rest, and what draws their looks."""
    rng = np.random.default_rng([seed, _PERSON, number])
    person = sample_person(rng, f"{SOURCE}-{seed}-{number:06d}", head.details)
    neutral = head.expressive(head.shaped(person.macros, person.details), person.rest)
    return person, neutral, rng


def landmarks_at_rest(head: HeadModel, keys: Iterable[str]) -> NDArray[np.float64]:
    """(n, 68, 3) neutral landmarks, y up, decimetres, of the people in renders with these keys.

    Raises:
        InputError: A key is none of a render.
    """
    people = [_person_of(key) for key in keys]
    return np.stack([head.landmarks.of(draw_person(head, *each)[1]) for each in people])


def _person_of(key: str) -> tuple[int, int]:
    """Seed and person of ``render_SEED_PICTURE``."""
    words = key.split("_")
    if len(words) != 3 or words[0] != SOURCE or not (words[1] + words[2]).isdecimal():
        raise InputError(f"{key}: expected the key of a render, {SOURCE}_SEED_PICTURE")
    return int(words[1]), int(words[2]) // PICTURES_OF_A_PERSON
