"""Ten expression modes chosen for the worst case over eighteen named movements of a face.

Principal components favour what moves far, and a blink moves four points by millimetres. Here the
weight of each movement grows while it is reproduced worse than its goal, so that the span ends at
the best worst case (multiplicative weights, Freund and Schapire 1999, on weighted principal
components).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.morphable_model import N_EXPRESSION

from ..datasets.face_labels import MIRROR_68

Array = NDArray[np.float64]

#: Movements and the share of each that the span shall reproduce, by ICT-FaceKit's names; a name
#: without a side means both sides at once.
GOALS: Mapping[str, float] = {
    "jawOpen": 0.72,
    "mouthClose": 0.72,
    "mouthSmile_L": 0.72,
    "mouthSmile_R": 0.72,
    "mouthFrown": 0.72,
    "mouthPucker": 0.72,
    "mouthFunnel": 0.72,
    "mouthStretch": 0.72,
    "mouthLeft": 0.72,
    "mouthRight": 0.72,
    "mouthUpperUp": 0.72,
    "mouthLowerDown": 0.72,
    "browInnerUp": 0.72,
    "browOuterUp": 0.72,
    "browDown": 0.72,
    "eyeBlink_L": 0.82,
    "eyeBlink_R": 0.82,
    "eyeWide": 0.72,
}

_ROUNDS = 1000
_RATE = 0.1
_FULL_STRENGTH_SIGMA = 2.0  # the largest coefficient of a movement at full strength
_FLIP_X = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class ExpressionSpan:
    """What the ten modes are made of.

    Attributes:
        mixture: (10, m) shares of the m movements in each mode of one standard deviation.
        reproduced: (m,) share of each movement inside the span.
    """

    mixture: Array
    reproduced: Array


def pose_directions(points: Array) -> Array:
    """(3 k, 7) orthonormal directions of turning, scaling and moving (k, 3) points."""
    x, y, z = (points - points.mean(axis=0)).T
    none, one = np.zeros(len(points)), np.ones(len(points))
    moves = [
        (none, -z, y), (z, none, -x), (-y, x, none), (x, y, z),
        (one, none, none), (none, one, none), (none, none, one),
    ]  # fmt: skip
    flat = np.stack([np.stack(move, axis=1).reshape(-1) for move in moves], axis=1)
    directions, _ = np.linalg.qr(flat)
    return np.asarray(directions, np.float64)


def without_pose(rows: Array, points: Array) -> Array:
    """(m, 3 k) displacements of (k, 3) points with turning, scaling and moving removed."""
    directions = pose_directions(points)
    return np.asarray(rows - (rows @ directions) @ directions.T, np.float64)


def choose_span(movements: Array, goals: Array, points: Array) -> ExpressionSpan:
    """Choose ten modes.

    Args:
        movements: (m, 68, 3) displacements of the landmarks, closed under mirroring.
        goals: (m,) share of each that shall be reproduced.
        points: (68, 3) neutral landmarks, symmetric.
    """
    flat = without_pose(movements.reshape(len(movements), -1), points)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = flat / norms
    weights = np.ones(len(unit))
    best, best_margin = np.zeros((N_EXPRESSION, unit.shape[1])), -np.inf
    for _ in range(_ROUNDS):
        span = np.linalg.svd(unit * np.sqrt(weights)[:, None], full_matrices=False)[2]
        margin = _reproduced(unit, span[:N_EXPRESSION]) - goals
        if margin.min() > best_margin:
            best, best_margin = span[:N_EXPRESSION], margin.min()
        weights *= np.exp(-_RATE * margin)
        weights = (weights + weights[_mirror_order(unit)]) / 2.0
        weights /= weights.mean()
    modes = _named_directions(best, flat)
    both = flat + flat[_mirror_order(unit)]  # a blink of both eyes, too, is a full movement
    loads = np.abs(
        np.concatenate([flat, both[_mirror_order(unit) != np.arange(len(unit))]]) @ modes.T
    )
    modes *= loads.max(axis=0)[:, None] / _FULL_STRENGTH_SIGMA
    modes = modes[np.argsort(-np.linalg.norm(modes, axis=1), kind="stable")]
    mixture = modes @ np.linalg.pinv(flat, rcond=1e-8)
    return ExpressionSpan(np.asarray(mixture, np.float64), _reproduced(unit, best))


def _reproduced(unit: Array, span: Array) -> Array:
    """(m,) 1 - distance to the span of orthonormal rows, for rows of length one."""
    rest = unit - (unit @ span.T) @ span
    return np.asarray(1.0 - np.linalg.norm(rest, axis=1), np.float64)


def _mirrored(rows: Array) -> Array:
    """(m, 204) displacements of the mirrored face."""
    return np.asarray((rows.reshape(-1, 68, 3)[:, MIRROR_68] * _FLIP_X).reshape(rows.shape))


def _mirror_order(unit: Array) -> NDArray[np.int64]:
    """(m,) which movement is the mirror image of each."""
    return np.asarray(np.argmax(unit @ _mirrored(unit).T, axis=0), np.int64)


def _named_directions(span: Array, flat: Array) -> Array:
    """Orthonormal rows of the span, symmetric and one-sided ones apart, near the movements."""
    mirror = span @ _mirrored(span).T  # its eigenvalues are 1 (symmetric) and -1
    values, vectors = np.linalg.eigh((mirror + mirror.T) / 2.0)
    parts = []
    for kept in (values > 0.0, values < 0.0):
        rows = vectors[:, kept].T @ span
        turned = _varimax(flat / np.linalg.norm(flat, axis=1, keepdims=True) @ rows.T)
        parts.append(turned.T @ rows)
    modes = np.concatenate(parts)
    loads = flat @ modes.T
    largest = loads[np.abs(loads).argmax(axis=0), np.arange(len(modes))]
    return np.asarray(modes * np.sign(largest)[:, None], np.float64)


def _varimax(loads: Array, rounds: int = 200) -> Array:
    """(k, k) rotation after which each column of (m, k) loads has few large entries (Kaiser)."""
    turn = np.eye(loads.shape[1])
    for _ in range(rounds):
        turned = loads @ turn
        gradient = loads.T @ (turned**3 - turned * (turned**2).mean(axis=0))
        left, _, right = np.linalg.svd(gradient)
        turn = left @ right
    return np.asarray(turn, np.float64)
