"""How well 68 landmarks show each named expression: drawn faces whose weights are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.expressions.blendshape_solver import BlendshapeSolver
from frsdk.expressions.blendshape_table import (
    BLENDSHAPE_NAMES,
    STRONG,
    UNSEEN,
    WITH_NEUTRAL,
    BlendshapeTable,
    NamedShapes,
)
from frsdk.morphable.morphable_model import MorphableModel

from ..datasets.fit_parameters import fit_parameters
from ..datasets.parameter_labels import LandmarkBasis
from .evaluate_face_model import landmark_basis_of

Array = NDArray[np.float64]

_FACES = 600
_ACTIVE = 0.11  # probability of an expression: five or six at once
_ALIKE = 0.7  # probability that both sides do the same
_NOISE_MM = (1.5, 1.5, 3.0)  # of landmarks in a picture: 1.4 % of the face's size, more in depth
_STRONG_EXACT, _STRONG_FITTED, _KNOWN_NOISY = 0.8, 0.75, 0.45


@dataclass(frozen=True, slots=True)
class Observability:
    """(51,) correlations of solved and true weights, the mean of both sides where there are two.

    Attributes:
        exact: From the true landmarks.
        fitted: From the landmarks of a face model's fitted parameters.
        noisy: From landmarks with the noise of pictures.
        known: From those, where the person's neutral face is known.
    """

    exact: Array
    fitted: Array
    noisy: Array
    known: Array

    def grade(self) -> NDArray[np.int64]:
        """(51,) UNSEEN, WITH_NEUTRAL or STRONG."""
        strong = (self.exact >= _STRONG_EXACT) & (self.fitted >= _STRONG_FITTED)
        known = self.known >= _KNOWN_NOISY
        return np.where(strong, STRONG, np.where(known, WITH_NEUTRAL, UNSEEN)).astype(np.int64)


def observe(table: BlendshapeTable, model: MorphableModel, faces: int = _FACES) -> Observability:
    """Draw people with expressions of either source and solve for their weights.

    Returns:
        The lower correlation of the two sources. A source's shapes are as far from the mean that
        the solver knows as a person's may be.
    """
    solver, basis = BlendshapeSolver(table), landmark_basis_of(model)
    each = [_observed(shapes, solver, basis, faces) for shapes in (table, table.second)]
    lower = {name: np.minimum(*(one[name] for one in each)) for name in each[0]}
    return Observability(**lower)


def _observed(
    source: NamedShapes, solver: BlendshapeSolver, basis: LandmarkBasis, faces: int
) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    weights = draw_weights(rng, faces)
    people = np.tensordot(rng.normal(size=(faces, len(source.identity))), source.identity, 1)
    moves = np.tensordot(weights, source.displacement, 1)
    shapes = source.neutral + people + moves
    noise = rng.normal(size=shapes.shape) * _NOISE_MM
    decoded = basis.decode(fit_parameters(shapes, basis.mean, basis.modes))
    down = np.array([1.0, -1.0, 1.0])
    known = source.neutral + moves + noise
    found = {
        "exact": [solver.weights(each * down) for each in shapes],
        "fitted": [solver.weights(each * down) for each in decoded],
        "noisy": [solver.weights(each * down) for each in shapes + noise],
        "known": [solver.weights(each * down, source.neutral) for each in known],
    }
    return {key: _correlation(np.array(w), weights) for key, w in found.items()}


def report(seen: Observability) -> Iterator[str]:
    """Lines of a table, best seen first."""
    grades = np.array(["-", "with neutral", "strong"])[seen.grade()]
    yield f"{'name':<22}{'exact':>7}{'fitted':>7}{'noisy':>7}{'known':>7}  grade"
    for k in np.argsort(-seen.noisy, kind="stable"):
        values = (seen.exact[k], seen.fitted[k], seen.noisy[k], seen.known[k])
        yield (
            f"{BLENDSHAPE_NAMES[k]:<22}" + "".join(f"{v:>7.2f}" for v in values) + f"  {grades[k]}"
        )


def draw_weights(rng: np.random.Generator, faces: int) -> Array:
    """(n, 51) weights: few at once, mostly alike on both sides, none against its opposite."""
    at = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}
    weights = (rng.random((faces, len(at))) < _ACTIVE) * rng.random((faces, len(at)))
    for left, right in _pairs():
        alike = rng.random(faces) < _ALIKE
        weights[alike, right] = weights[alike, left]
    opposites = [("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")]
    opposites += [(f"eyeBlink{side}", f"eyeWide{side}") for side in ("Left", "Right")]
    for first, second in opposites:
        weights[weights[:, at[first]] > 0.0, at[second]] = 0.0
    close, jaw = at["mouthClose"], at["jawOpen"]
    weights[:, close] = np.minimum(weights[:, close], weights[:, jaw])
    return np.asarray(weights, np.float64)


def _pairs() -> list[tuple[int, int]]:
    """Places of the two sides of a name."""
    alone = ("jawLeft", "mouthLeft")
    places = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}
    return [
        (k, places[name[:-4] + "Right"])
        for name, k in places.items()
        if name.endswith("Left") and name not in alone
    ]


def _correlation(found: Array, true: Array) -> Array:
    """(51,) per name, 0 where nothing is ever found."""
    a, b = found - found.mean(axis=0), true - true.mean(axis=0)
    size = np.sqrt(np.square(a).sum(axis=0) * np.square(b).sum(axis=0))
    value = (a * b).sum(axis=0) / np.maximum(size, 1e-12)
    for left, right in _pairs():
        value[[left, right]] = (value[left] + value[right]) / 2.0
    return np.asarray(value, np.float64)
