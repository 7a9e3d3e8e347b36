"""MakeHuman's named expressions at the 68 landmarks, and how its people differ at rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, NamedShapes

from ..datasets.face_labels import MIRROR_68
from ..datasets.fit_parameters import align_similarity, remove_pose
from ..facemodel.blendshape_landmarks import leading_modes
from .makehuman.head_model import HeadModel
from .person_sampling import sample_person

Array = NDArray[np.float64]

_PEOPLE = 1000
_N_IDENTITY = 60
_FLIP_X = np.array([-1.0, 1.0, 1.0])
_SEED = 20_000


def makehuman_shapes(head: HeadModel, people: int = _PEOPLE) -> NamedShapes:
    """The average of drawn people at rest, the expressions of the base head, and people's spread.

    Args:
        head: MakeHuman's.
        people: How many are drawn.

    Returns:
        In the size and frame of the base head: decimetres, y up, z to the front.
    """
    base = head.landmarks.of(head.base)
    ones = np.ones(len(base))
    posed = np.stack([_at_rest(head, number) for number in range(people)])
    shapes = remove_pose(posed, align_similarity(posed, base, ones))
    mean = _symmetric(shapes.mean(axis=0))
    shapes = remove_pose(posed, align_similarity(posed, mean, ones))
    spread = leading_modes((shapes - mean) / np.sqrt(people), mean, _N_IDENTITY)
    moves = np.stack(
        [
            head.landmarks.of(head.expressive(head.base, {name: 1.0})) - base
            for name in BLENDSHAPE_NAMES
        ]
    )
    return NamedShapes(mean, _same_on_both_sides(moves), spread)


def _at_rest(head: HeadModel, number: int) -> Array:
    """(68, 3) landmarks of one person with a neutral face."""
    person = sample_person(np.random.default_rng([_SEED, number]), "", head.details)
    return head.landmarks.of(
        head.expressive(head.shaped(person.macros, person.details), person.rest)
    )


def _symmetric(points: Array) -> Array:
    return np.asarray((points + points[MIRROR_68] * _FLIP_X) / 2.0, np.float64)


def _same_on_both_sides(moves: Array) -> Array:
    """(51, 68, 3) moves whose left and right names are mirror images."""
    at = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}
    other = [at[_of_the_other_side(name)] for name in BLENDSHAPE_NAMES]
    return np.asarray((moves + moves[other][:, MIRROR_68] * _FLIP_X) / 2.0, np.float64)


def _of_the_other_side(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    return name.removesuffix("Right") + "Left" if name.endswith("Right") else name
