"""Forty identity modes: how neutral faces differ, apart from what expressions do.

The prior is ICT-FaceKit's scans, widened, plus a smooth Gaussian process (Lüthi et al., "Gaussian
process morphable models", 2018) for faces beyond the scans and for annotators, who slide points
along the jaw. At the landmarks the modes are orthogonal to pose, size and the expression modes; the
surface follows a mode as the prior expects it to, given the landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.morphable.morphable_model import N_SHAPE

from .expression_subspace import pose_directions

Array = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PriorSettings:
    """Widths of the prior, lengths in ICT-FaceKit's unit (about cm).

    Attributes:
        scan_sigma: Standard deviations of the scans' modes that count as one.
        smooth: Standard deviation of the smooth part, each axis.
        smooth_length: Distance over which it varies.
        slide: Standard deviation of the jaw's points along the jaw.
        slide_length: Number of points over which it varies.
        nugget: Standard deviation of what is left to chance, for the conditioning.
    """

    scan_sigma: float = 1.2
    smooth: float = 0.2
    smooth_length: float = 2.0
    slide: float = 0.3
    slide_length: float = 2.0
    nugget: float = 0.01


_JAW = np.arange(17)
_SLIDE_REACH = 1.5  # cm from the jaw's line within which the skin slides with its points
_BLOCK = 2000  # vertices at once


def identity_modes(
    scans: Array,
    surface: Array,
    landmarks: IndexArray,
    expression: Array,
    settings: PriorSettings | None = None,
) -> Array:
    """The modes of one standard deviation.

    Args:
        scans: (m, n, 3) displacements of one standard deviation of each mode of scanned faces,
            closed under mirroring.
        surface: (n, 3) symmetric neutral face.
        landmarks: (68,) its landmark vertices.
        expression: (10, 68, 3) expression modes at the landmarks.
        settings: Widths of the prior.

    Returns:
        (40, n, 3) in falling order; each is symmetric or antisymmetric at the landmarks.
    """
    settings = settings or PriorSettings()
    points = surface[landmarks]
    at_landmarks = scans[:, landmarks].reshape(len(scans), -1)
    covariance = _covariance(points, points, settings) + settings.scan_sigma**2 * (
        at_landmarks.T @ at_landmarks
    )
    rows = _leading(covariance, points, expression)  # (40, 204)
    firm = covariance + settings.nugget**2 * np.eye(len(covariance))
    solved = np.asarray(np.linalg.solve(firm, rows.T), np.float64)
    modes = np.concatenate(
        [
            _carried(scans[:, first : first + _BLOCK], at_landmarks,
                     surface[first : first + _BLOCK], points, solved, settings)
            for first in range(0, len(surface), _BLOCK)
        ],
        axis=1,
    )  # fmt: skip
    modes[:, landmarks] = rows.reshape(-1, 68, 3)
    return modes


def _carried(
    scans: Array, at_landmarks: Array, surface: Array, points: Array, solved: Array,
    settings: PriorSettings,
) -> Array:  # fmt: skip
    """(40, k, 3) what the prior expects of k vertices, given the landmarks' displacements."""
    flat = scans.reshape(len(scans), -1)
    own = settings.scan_sigma**2 * (flat.T @ at_landmarks)
    cross = _covariance(surface, points, settings) + own
    return np.asarray((cross @ solved).T.reshape(solved.shape[1], -1, 3), np.float64)


def _covariance(first: Array, second: Array, settings: PriorSettings) -> Array:
    """(3 a, 3 b) prior covariance of the smooth part and of sliding along the jaw."""
    squared = ((first[:, None] - second[None]) ** 2).sum(axis=2)
    kernel = settings.smooth**2 * np.exp(-squared / (2.0 * settings.smooth_length**2))
    smooth = np.kron(kernel, np.eye(3))
    jaw = second[_JAW]
    tangents = [_jaw_tangents(each, jaw) for each in (first, second)]
    steps = (_JAW[:, None] - _JAW) ** 2 / (2.0 * settings.slide_length**2)
    return np.asarray(smooth + tangents[0] @ (settings.slide**2 * np.exp(-steps)) @ tangents[1].T)


def _jaw_tangents(points: Array, jaw: Array) -> Array:
    """(3 k, 17) how far each point slides with each of the jaw's."""
    along = np.gradient(jaw, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    squared = ((points[:, None] - jaw) ** 2).sum(axis=2)  # (k, 17)
    nearness = np.exp(-squared / (2.0 * _SLIDE_REACH**2))
    share = nearness**2 / np.maximum(nearness.sum(axis=1, keepdims=True), 1e-12)
    exact = squared.min(axis=1) < 1e-12
    share[exact] = np.eye(len(jaw))[squared[exact].argmin(axis=1)]
    return np.asarray((share[:, None] * along.T).reshape(-1, len(jaw)), np.float64)


def _leading(covariance: Array, points: Array, expression: Array) -> Array:
    """(40, 204) leading directions beside pose and expression, of one standard deviation."""
    taken = np.concatenate([pose_directions(points), expression.reshape(-1, points.size).T], axis=1)
    directions, _ = np.linalg.qr(taken)
    rest = np.eye(len(covariance)) - directions @ directions.T
    values, vectors = np.linalg.eigh(rest @ covariance @ rest)
    modes = vectors[:, ::-1][:, :N_SHAPE].T * np.sqrt(values[::-1][:N_SHAPE, None])
    sign = np.sign(modes @ np.cos(np.arange(modes.shape[1])))
    return np.asarray(modes * sign[:, None], np.float64)
