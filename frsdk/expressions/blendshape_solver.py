"""From 68 landmarks to named expressions: bounded least squares on the shapes of two sources.

The landmarks are the average face's, plus what people differ by, plus weights times shapes, plus
noise, in an unknown pose and size. Shapes and average face are the mean of two artists'; how far
theirs are from each other is how uncertain a person's are. All of this but the weights is
marginalised, so that one linear map and one small bounded problem remain for each face.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .blendshape_table import BLENDSHAPE_NAMES, BlendshapeTable, builtin_blendshapes
from .bounded_least_squares import solve_in_unit_box
from .eye_and_mouth import eye_opening

Array = NDArray[np.float64]

_NOISE_MM = (1.5, 1.5, 3.0)  # of a landmark: x, y and depth
# Faces beyond the scans, and where each network puts its landmarks: standard deviation in mm, and
# the length over which it varies. Lips that part say more of a jaw than where the chin lies.
_STRANGER_SMOOTH, _KNOWN_SMOOTH = (4.0, 40.0), (1.0, 20.0)
_PEOPLE = 1.2  # scans' standard deviations that count as one
_WEIGHT_SQUARED = 0.3  # of an expression that is there: how much of its shape's uncertainty counts
_GAZE_SQUARED = 0.1
_SPARSITY = 1.5  # price of a full weight beside squared residuals in units of the noise
_RIDGE = 1e-3
_REALIGNED = 2  # times, to the average face as it was found to move
# Lids this near say a blink of whatever eye: their distance over the corners', of an average eye.
# Below the first they are closing, `_LIDS_FALL` below it closed.
_LIDS_APART, _LIDS_FALL = 0.20, 0.10
_BLINKS = [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
_FREE = 1e4  # variance of pose and size: any
#: Gaze moves the lids a little and nothing else that landmarks see.
_UNSEEN = tuple(name for name in BLENDSHAPE_NAMES if name.startswith("eyeLook"))


@dataclass(frozen=True, slots=True)
class _Problem:
    """What does not depend on the face: the normal matrix and the map to its right side."""

    normal: Array  # (k, k)
    right_from_shape: Array  # (k, 204)


class BlendshapeSolver:
    """Solves for the weights of one table's expressions.

    Args:
        table: The expressions; None for the built-in ones.

    Attributes:
        table: The expressions.
        neutral: (68, 3) average neutral face of the table's sources.
        displacement: (51, 68, 3) mean shapes of its sources.
    """

    def __init__(self, table: BlendshapeTable | None = None) -> None:
        self.table = table or builtin_blendshapes()
        second = self.table.second
        self.neutral: Array = (self.table.neutral + second.neutral) / 2.0
        self.displacement: Array = (self.table.displacement + second.displacement) / 2.0
        self._solved = np.array([name not in _UNSEEN for name in BLENDSHAPE_NAMES])
        self._stranger = self._problem(known=False)
        self._known = self._problem(known=True)

    def aligned(self, landmarks: NDArray[np.floating], *, toward: Array | None = None) -> Array:
        """Landmarks in the table's frame: y up, nominal mm, without pose and size.

        Args:
            landmarks: (68, 3), y **down**, any unit, as `Face.landmarks`.
            toward: (68, 3) what they are brought near to; None for the average neutral face.

        Raises:
            InputError: Another shape, or points that are not finite.
        """
        return _similarity(_upright(landmarks), self.neutral if toward is None else toward)

    def weights(self, landmarks: NDArray[np.floating], neutral: Array | None = None) -> Array:
        """Weights of the 51 expressions, 0..1, in the order of BLENDSHAPE_NAMES.

        Args:
            landmarks: (68, 3), y down, as `Face.landmarks`.
            neutral: (68, 3) the person's own neutral landmarks in the table's frame, as
                `NeutralFace.shape` has them; None for a person seen for the first time.
        """
        points = _upright(landmarks)
        rest = self.neutral if neutral is None else neutral
        weights = self.weights_of_shape(_similarity(points, rest), neutral)
        for _ in range(_REALIGNED):  # an open jaw would turn the head of one alignment
            toward = rest + np.tensordot(weights, self.displacement, 1)
            weights = self.weights_of_shape(_similarity(points, toward), neutral, near=weights)
        eyes = np.divide(eye_opening(landmarks), eye_opening(rest)) * eye_opening(self.neutral)
        weights[_BLINKS] = np.maximum(weights[_BLINKS], (_LIDS_APART - eyes) / _LIDS_FALL)
        return np.minimum(weights, 1.0)

    def weights_of_shape(
        self, shape: Array, neutral: Array | None = None, *, near: Array | None = None
    ) -> Array:
        """As `weights`, of landmarks in the table's frame; ``near``: those of a face like it."""
        problem = self._stranger if neutral is None else self._known
        moved = (shape - (self.neutral if neutral is None else neutral)).reshape(-1)
        weights = np.zeros(len(BLENDSHAPE_NAMES))
        right = problem.right_from_shape @ moved - _SPARSITY
        start = None if near is None else near[self._solved]
        weights[self._solved] = solve_in_unit_box(problem.normal, right, start)
        return weights

    def _problem(self, *, known: bool) -> _Problem:
        pose = _pose_directions(self.neutral)
        noise = np.tile(np.square(_NOISE_MM), 68)
        covariance = np.diag(noise) + _FREE * pose @ pose.T
        covariance += _smooth(self.neutral, _KNOWN_SMOOTH if known else _STRANGER_SMOOTH)
        first, second = self.table, self.table.second
        unsure = (first.displacement - second.displacement) / 2.0
        covariance += _WEIGHT_SQUARED * _squared(unsure)
        covariance += _GAZE_SQUARED * _squared(self.displacement[~self._solved])
        if not known:
            people = (_PEOPLE**2 * _squared(first.identity) + _squared(second.identity)) / 2.0
            covariance += people + _squared((first.neutral - second.neutral)[None] / 2.0)
        shapes = self.displacement[self._solved].reshape(int(self._solved.sum()), -1)
        weighted = np.asarray(np.linalg.solve(covariance, shapes.T).T, np.float64)
        return _Problem(weighted @ shapes.T + _RIDGE * np.eye(len(shapes)), weighted)


@functools.lru_cache(maxsize=1)
def builtin_solver() -> BlendshapeSolver:
    """The solver of the table in the wheel, made once."""
    return BlendshapeSolver()


def _upright(landmarks: NDArray[np.floating]) -> Array:
    """(68, 3) landmarks with y up."""
    points = np.asarray(landmarks, np.float64)
    if points.shape != (68, 3) or not np.isfinite(points).all():
        raise InputError(f"expected 68 finite landmarks (68, 3), got {points.shape}")
    return np.asarray(points * (1.0, -1.0, 1.0), np.float64)


def _pose_directions(points: Array) -> Array:
    """(204, 7) orthonormal directions of turning, scaling and moving 68 points."""
    x, y, z = (points - points.mean(axis=0)).T
    none, one = np.zeros(len(points)), np.ones(len(points))
    moves = [
        (none, -z, y), (z, none, -x), (-y, x, none), (x, y, z),
        (one, none, none), (none, one, none), (none, none, one),
    ]  # fmt: skip
    flat = np.stack([np.stack(move, axis=1).reshape(-1) for move in moves], axis=1)
    return np.asarray(np.linalg.qr(flat)[0], np.float64)


def _smooth(points: Array, sigma_and_length_mm: tuple[float, float]) -> Array:
    """(204, 204) covariance of a smooth displacement of 68 points."""
    sigma, length = sigma_and_length_mm
    squared = np.square(points[:, None] - points).sum(axis=2)
    kernel = sigma**2 * np.exp(-squared / (2.0 * length**2))
    return np.asarray(np.kron(kernel, np.eye(3)), np.float64)


def _squared(displacements: Array) -> Array:
    """(204, 204) covariance of the (k, 68, 3) displacements by independent unit weights."""
    flat = displacements.reshape(len(displacements), -1)
    return np.asarray(flat.T @ flat, np.float64)


def _similarity(points: Array, reference: Array) -> Array:
    """The points after the similarity that brings them nearest to a reference (Umeyama 1991)."""
    centred = points - points.mean(axis=0)
    target = reference - reference.mean(axis=0)
    u, singular, vt = np.linalg.svd(target.T @ centred)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    spread = float(np.square(centred).sum())
    if spread < 1e-12:
        raise InputError("expected 68 landmarks at different places, got all at one")
    rotation = (u * sign) @ vt
    turned = centred @ rotation.T * (float((singular * sign).sum()) / spread)
    return np.asarray(turned + reference.mean(axis=0), np.float64)
