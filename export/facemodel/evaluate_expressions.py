"""What a face model's two blocks make of named movements, at the 68 landmarks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, BlendshapeTable
from frsdk.morphable.morphable_model import N_SHAPE, MorphableModel

from ..datasets.fit_parameters import align_similarity
from .blendshape_landmarks import ict_name
from .evaluate_face_model import landmark_basis_of
from .expression_subspace import GOALS, pose_directions

Array = NDArray[np.float64]

BOUND_SIGMA = 4.0
_SHOWN = {
    "eyes closed": ("eyeBlink",),
    "wink": ("eyeBlink_L",),
    "jaw open": ("jawOpen",),
    "smile": ("mouthSmile",),
    "pucker": ("mouthPucker",),
    "brows up": ("browInnerUp", "browOuterUp"),
    "brows down": ("browDown",),
    "smile and jaw": ("mouthSmile", "jawOpen"),
}


def movement(table: BlendshapeTable, name: str) -> Array:
    """(68, 3) of one of GOALS' names; without a side it is both sides at once."""
    chosen = [
        i for i, each in enumerate(BLENDSHAPE_NAMES)
        if ict_name(each) in (name, f"{name}_L", f"{name}_R")
    ]  # fmt: skip
    return np.asarray(table.displacement[chosen].sum(axis=0), np.float64)


def coefficients_of(moves: Array, mean: Array, modes: Array) -> tuple[Array, float]:
    """The coefficients within ±4 σ that come nearest to a movement, pose and size free.

    Args:
        moves: (68, 3) displacement in the model's frame.
        mean: (68, 3) the model's mean.
        modes: (k, 68, 3) displacements of one standard deviation.

    Returns:
        (k,) coefficients in standard deviations, and the share of the movement that they
        reproduce: 1 - |what is left| / |movement|, pose and size removed of both.
    """
    directions = pose_directions(mean)
    rest = np.eye(len(directions)) - directions @ directions.T
    target = rest @ moves.reshape(-1)
    columns = rest @ modes.reshape(len(modes), -1).T
    found = lsq_linear(columns, target, bounds=(-BOUND_SIGMA, BOUND_SIGMA), tol=1e-10)
    left = np.linalg.norm(columns @ found.x - target)
    return np.asarray(found.x, np.float64), float(1.0 - left / np.linalg.norm(target))


def evaluate_expressions(model: MorphableModel, table: BlendshapeTable) -> Iterator[str]:
    """Lines of a table: share of each movement by the expression and by the identity block."""
    basis = landmark_basis_of(model)
    pose = align_similarity(basis.mean[None], table.neutral, np.ones(68))
    into = pose.matrix()[0, :, :3]
    yield f"{'movement':<16}{'expression':>11}{'identity':>10}"
    shares = []
    for name in GOALS:
        moves = movement(table, name) @ into.T
        blocks = (basis.modes[N_SHAPE:], basis.modes[:N_SHAPE])
        shares.append([coefficients_of(moves, basis.mean, block)[1] for block in blocks])
        yield f"{name:<16}{shares[-1][0]:>11.1%}{shares[-1][1]:>10.1%}"
    worst = np.array(shares)
    yield f"{'worst':<16}{worst[:, 0].min():>11.1%}{worst[:, 1].max():>10.1%}"


def shown_expressions(model: MorphableModel, table: BlendshapeTable) -> dict[str, Array]:
    """Name -> (50,) coefficients in standard deviations of expressions that a sheet shows."""
    basis = landmark_basis_of(model)
    pose = align_similarity(basis.mean[None], table.neutral, np.ones(68))
    into = pose.matrix()[0, :, :3]
    shown = {}
    for caption, names in _SHOWN.items():
        moves = sum((movement(table, name) for name in names), np.zeros((68, 3))) @ into.T
        coefficients = np.zeros(len(basis.modes))
        coefficients[N_SHAPE:] = coefficients_of(moves, basis.mean, basis.modes[N_SHAPE:])[0]
        shown[caption] = coefficients
    return shown
