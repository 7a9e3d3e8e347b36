"""Parameter labels of crops in a face model's space, and how a flip or a crop move changes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cfp_fiducials import toward_fiducials
from .face_labels import (
    MIRROR_68,
    NETWORK_SIZE,
    FaceLabels,
    annotated_landmarks,
    crop_frame_from_stored,
)
from .fit_parameters import FitSettings, fit_parameters

Array = NDArray[np.float64]

#: Fits landmarks of a mesh: lids and lips close, depth as a weak prior.
MESH_FIT = FitSettings(depth_weight=0.3, prior_px=0.5, expression_weight=3.0)
_FLIP_X = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class LandmarkBasis:
    """What training needs of a face model: mean (68, 3) and modes (50, 68, 3) of the landmarks."""

    mean: Array
    modes: Array

    def mirror_coefficients(self) -> Array:
        """(50, 50) matrix that turns coefficients into those of the mirrored face."""
        flat = self.modes.reshape(len(self.modes), -1)
        mirrored = (self.modes[:, MIRROR_68] * _FLIP_X).reshape(len(self.modes), -1)
        solution, *_ = np.linalg.lstsq(flat.T, mirrored.T, rcond=None)
        return np.asarray(solution, np.float64)

    def decode(self, params: Array) -> Array:
        """(n, 62) parameters -> (n, 68, 3) landmarks in the y-up crop frame."""
        pose = params[:, :12].reshape(-1, 3, 4)
        shape = self.mean + np.einsum("nc,ckj->nkj", params[:, 12:], self.modes)
        turned = np.einsum("nij,nkj->nki", pose[..., :3], shape)
        return np.asarray(turned + pose[:, None, :, 3], np.float64)

    def mean_depth(self, params: Array) -> float:
        """Mean z of the landmarks of (62,) parameters."""
        middle = self.mean.mean(axis=0) + params[12:] @ self.modes.mean(axis=1)
        return float(params[8:11] @ middle + params[11])


def fit_labels(
    labels: FaceLabels,
    basis: LandmarkBasis,
    fiducial_share: float = 0.0,
    *,
    follow_expression: bool = False,
) -> Array:
    """(n, 62) parameters: to the 68 annotated landmarks where there are any, else to the teacher's.

    Args:
        labels: Of n faces.
        basis: Landmarks of the face model.
        fiducial_share: How far the teacher's points move toward CFP's fiducials where there are
            any, 0 to 1.
        follow_expression: Lids and inner lips count three times, and the prior on annotations
            is half as strong: a blink is two pixels of a crop.
    """
    points, by_people = annotated_landmarks(labels), labels.has_annotation
    if fiducial_share:
        placed = labels.has_fiducials
        points[placed] = toward_fiducials(labels, fiducial_share)[placed]
        by_people = by_people | placed
    points = crop_frame_from_stored(points)
    params = np.zeros((len(labels), 12 + len(basis.modes)))
    tight, looser = FitSettings(), FitSettings(depth_weight=0.5, prior_px=0.3)
    if follow_expression:
        tight = FitSettings(expression_weight=3.0)
        looser = FitSettings(depth_weight=0.5, prior_px=0.15, expression_weight=3.0)
    # Annotated landmarks have no depth: the looser fit trusts the teacher's less.
    for chosen, settings in ((~by_people, tight), (by_people, looser)):
        params[chosen] = fit_parameters(points[chosen], basis.mean, basis.modes, settings)
    params[:, 11] = 0.0  # a crop does not show the distance: t_z is 0 by definition
    return params


def fit_mesh_labels(labels: FaceLabels, basis: LandmarkBasis) -> Array:
    """(n, 62) parameters fitted to landmarks of a face mesh, whose depth is a guess, or exact ones.

    Args:
        labels: Of n faces; annotations are not looked at.
        basis: Landmarks of the face model.
    """
    points = crop_frame_from_stored(labels.landmarks)
    params = fit_parameters(points, basis.mean, basis.modes, MESH_FIT)
    params[:, 11] = 0.0  # a crop does not show the distance: t_z is 0 by definition
    return params


def mirrored(params: Array, mirror_coefficients: Array) -> Array:
    """Parameters of the left-right flipped crops, (n, 62)."""
    pose = params[:, :12].reshape(-1, 3, 4).copy()
    flip = np.diag(_FLIP_X)
    pose[..., :3] = flip @ pose[..., :3] @ flip
    pose[:, 0, 3] = (NETWORK_SIZE - 1) - pose[:, 0, 3]
    return np.concatenate([pose.reshape(-1, 12), params[:, 12:] @ mirror_coefficients.T], axis=1)


def moved(params: Array, scale: Array, angle_rad: Array, shift: Array) -> Array:
    """Parameters after each crop is turned and scaled about its centre, then shifted.

    Args:
        params: (n, 62).
        scale: (n,) magnification.
        angle_rad: (n,) counter-clockwise in the y-up frame.
        shift: (n, 2) crop pixels, x right and y up.
    """
    cosine, sine = np.cos(angle_rad) * scale, np.sin(angle_rad) * scale
    turn = np.zeros((len(params), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1] = cosine, -sine
    turn[:, 1, 0], turn[:, 1, 1] = sine, cosine
    turn[:, 2, 2] = scale
    pose = params[:, :12].reshape(-1, 3, 4).copy()
    centre = np.array([(NETWORK_SIZE - 1) / 2, (NETWORK_SIZE - 1) / 2, 0.0])
    pose[..., 3] -= centre
    pose = turn @ pose
    pose[..., 3] += centre
    pose[:, :2, 3] += shift
    return np.concatenate([pose.reshape(-1, 12), params[:, 12:]], axis=1)
