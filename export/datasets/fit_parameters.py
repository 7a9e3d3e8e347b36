"""Fit the 62 parameters of a morphable model to 68 points, many faces at once.

Scaled-orthographic model of the paper (Li et al., ICPR 2020, eq. 1-2), written for the crop frame:
``X = s R (S̄ + A_s α_s + A_exp α_exp) + t``. Gauss-Newton on (rotation, log scale, translation,
coefficients) with a Gaussian prior of unit weight per standard deviation, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_COEFFICIENTS = 50
_LIDS_AND_INNER_LIPS = np.array([37, 38, 40, 41, 43, 44, 46, 47, *range(60, 68)])
_N_POSE = 7  # rotation vector, log scale, translation


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a fit weighs points, depth and prior.

    Attributes:
        depth_weight: Weight of z residuals beside x and y (0: a 2D fit; 1: a 3D fit).
        prior_px: Strength of the prior: a coefficient one standard deviation from the mean costs as
            much as one point that is this many crop pixels off.
        bound_sigma: Coefficients are kept inside ± this many standard deviations.
        iterations: Gauss-Newton steps.
        chunk: Faces solved together (bounds the memory).
        expression_weight: Weight of lids and inner lips beside the other points.
    """

    depth_weight: float = 1.0
    prior_px: float = 0.05
    bound_sigma: float = 4.0
    iterations: int = 12
    chunk: int = 512
    expression_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SimilarityPose:
    """Pose of n faces: ``X = scale * rotation @ S + translation`` in the y-up crop frame."""

    scale: Array  # (n,)
    rotation: Array  # (n, 3, 3)
    translation: Array  # (n, 3)

    def matrix(self) -> Array:
        """The poses as (n, 3, 4) matrices: scaled rotation | translation."""
        scaled = self.scale[:, None, None] * self.rotation
        return np.concatenate([scaled, self.translation[:, :, None]], axis=2)


def align_similarity(points: Array, reference: Array, weights: Array) -> SimilarityPose:
    """Least-squares similarity from a reference shape to each of n point sets (Umeyama 1991).

    Args:
        points: (n, k, 3) targets in a right-handed frame.
        reference: (k, 3) or (n, k, 3) shape.
        weights: (k,) non-negative weights of the points.

    Returns:
        The poses with ``points ~ scale * rotation @ reference + translation``.
    """
    w = weights / weights.sum()
    reference = np.broadcast_to(reference, points.shape)
    mean_points = np.einsum("k,nki->ni", w, points)
    mean_reference = np.einsum("k,nki->ni", w, reference)
    centred = points - mean_points[:, None]
    centred_reference = reference - mean_reference[:, None]
    covariance = np.einsum("nki,k,nkj->nij", centred, w, centred_reference)
    u, singular, vt = np.linalg.svd(covariance)
    sign = np.sign(np.linalg.det(u @ vt))
    u[:, :, 2] *= sign[:, None]
    singular[:, 2] *= sign
    rotation = u @ vt
    variance = np.einsum("k,nki,nki->n", w, centred_reference, centred_reference)
    scale = singular.sum(axis=1) / variance
    translation = mean_points - scale[:, None] * np.einsum("nij,nj->ni", rotation, mean_reference)
    return SimilarityPose(scale, rotation, translation)


def remove_pose(points: Array, pose: SimilarityPose) -> Array:
    """The (n, k, 3) points moved back into the model frame."""
    centred = (points - pose.translation[:, None]) / pose.scale[:, None, None]
    return np.asarray(np.einsum("nki,nij->nkj", centred, pose.rotation), np.float64)


def fit_parameters(
    points: Array, mean: Array, modes: Array, settings: FitSettings | None = None
) -> Array:
    """Fit the 62 parameters of a morphable model to the 68 points of n faces.

    Args:
        points: (n, 68, 3) in the y-up crop frame, crop pixels, z toward the camera (its origin is
            free: it ends in t_z). With ``depth_weight`` 0 the z column only starts the pose.
        mean: (68, 3) landmarks of the model's mean.
        modes: (50, 68, 3) landmark displacements of one standard deviation each.
        settings: Weights and bounds.

    Returns:
        (n, 62) float64: the 3x4 pose row by row, then the coefficients in standard deviations.
    """
    settings = settings or FitSettings()
    parts = [
        _fit_chunk(points[i : i + settings.chunk], mean, modes, settings)
        for i in range(0, len(points), settings.chunk)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 12 + N_COEFFICIENTS))


def _fit_chunk(points: Array, mean: Array, modes: Array, settings: FitSettings) -> Array:
    n = len(points)
    pose = align_similarity(points, mean, np.ones(len(mean)))
    coefficients = np.zeros((n, N_COEFFICIENTS))
    axis_weight = np.array([1.0, 1.0, settings.depth_weight])
    point_weight = np.ones((len(mean), 1))
    if settings.expression_weight != 1.0:
        point_weight[_LIDS_AND_INNER_LIPS] = settings.expression_weight
    weight = point_weight * axis_weight  # (k, 3)
    for _ in range(settings.iterations):
        shape = mean + np.einsum("nc,ckj->nkj", coefficients, modes)
        jacobian, predicted = _jacobian(pose, shape, modes)
        residual = (points - predicted) * weight
        jacobian *= weight[..., None]
        step = _solve(jacobian, residual, coefficients, settings)
        pose = _apply_step(pose, step)
        moved = coefficients + step[:, _N_POSE:]
        coefficients = np.clip(moved, -settings.bound_sigma, settings.bound_sigma)
    return np.concatenate([pose.matrix().reshape(n, 12), coefficients], axis=1)


def _jacobian(pose: SimilarityPose, shape: Array, modes: Array) -> tuple[Array, Array]:
    """D X / d (rotation vector, log scale, translation, coefficients): (n, k, 3, 57), and X."""
    n, k = shape.shape[:2]
    scaled = pose.scale[:, None, None] * pose.rotation
    turned = np.einsum("nij,nkj->nki", scaled, shape)
    jacobian = np.zeros((n, k, 3, _N_POSE + len(modes)))
    x, y, z = turned[..., 0], turned[..., 1], turned[..., 2]
    jacobian[:, :, 0, 1], jacobian[:, :, 0, 2] = z, -y  # omega x turned
    jacobian[:, :, 1, 0], jacobian[:, :, 1, 2] = -z, x
    jacobian[:, :, 2, 0], jacobian[:, :, 2, 1] = y, -x
    jacobian[:, :, :, 3] = turned
    jacobian[:, :, range(3), range(4, 7)] = 1.0
    jacobian[:, :, :, _N_POSE:] = np.einsum("nij,ckj->nkic", scaled, modes)
    return jacobian, turned + pose.translation[:, None]


def _solve(jacobian: Array, residual: Array, coefficients: Array, settings: FitSettings) -> Array:
    """Normal equations with the prior; coefficients held at a bound leave the system."""
    n, size = len(jacobian), jacobian.shape[-1]
    flat = jacobian.reshape(n, -1, size)  # (n, 3k, 57)
    normal = np.matmul(flat.transpose(0, 2, 1), flat)
    right = np.matmul(flat.transpose(0, 2, 1), residual.reshape(n, -1, 1))[..., 0]
    prior = settings.prior_px**2
    index = np.arange(_N_POSE, size)
    normal[:, index, index] += prior
    right[:, index] -= prior * coefficients
    normal[:, range(_N_POSE), range(_N_POSE)] += 1e-9  # t_z is free in a 2D fit
    held = (np.abs(coefficients) >= settings.bound_sigma) & (right[:, index] * coefficients > 0)
    rows, columns = np.nonzero(held)
    normal[rows, columns + _N_POSE, :] = 0.0
    normal[rows, columns + _N_POSE, columns + _N_POSE] = 1.0
    right[rows, columns + _N_POSE] = 0.0
    return np.linalg.solve(normal, right[..., None])[..., 0]


def _apply_step(pose: SimilarityPose, step: Array) -> SimilarityPose:
    turn = _rotation_from_vector(np.clip(step[:, :3], -0.5, 0.5))
    return SimilarityPose(
        pose.scale * np.exp(np.clip(step[:, 3], -0.5, 0.5)),
        turn @ pose.rotation,
        pose.translation + step[:, 4:7],
    )


def _rotation_from_vector(vector: Array) -> Array:
    """Rodrigues' formula for (n, 3) rotation vectors in radians."""
    angle = np.linalg.norm(vector, axis=1)
    axis = vector / np.maximum(angle, 1e-12)[:, None]
    zero = np.zeros(len(vector))
    x, y, z = axis.T
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + (1.0 - cosine) * (cross @ cross), np.float64)
