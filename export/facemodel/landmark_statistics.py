"""Learn the mean and the identity and expression modes of 68 landmarks from labelled faces.

The labels are put into one frame by similarity alignment; covariances between and within persons
come from the people with several pictures; annotations by people add what the teacher's labels do
not vary (see ``docs/notes/face-model.md`` for the choices and figures).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..datasets.face_labels import (
    MIRROR_68,
    FaceLabels,
    annotated_landmarks,
    crop_frame_from_stored,
)
from ..datasets.fit_parameters import align_similarity, remove_pose

Array = NDArray[np.float64]

OUTER_EYE_DISTANCE = 90.0  # nominal millimetres; sets the unit of the model
N_SHAPE, N_EXPRESSION = 40, 10

_FLIP_X = np.array([-1.0, 1.0, 1.0])
_MAX_SPREAD = 0.015  # labels above are doubtful
_FRONTAL_YAW_DEG = 25.0
_MIN_IMAGES = 3  # of a person, to tell within from between
_ANNOTATION_WITHIN = 0.3  # share of the annotated within-person covariance (half of it is noise)
_ANNOTATION_RESIDUAL = 0.3  # share of what annotations add, so that they can be fitted


@dataclass(frozen=True, slots=True)
class LandmarkStatistics:
    """A 40 + 10 model of the 68 landmarks in nominal millimetres, model frame.

    Attributes:
        mean: (68, 3) exactly symmetric mean.
        modes: (50, 68, 3) displacements of one standard deviation: 40 identity, 10 expression,
            mutually orthogonal, each block in order of falling standard deviation.
        standard_deviation: (50,) root mean square displacement per landmark of each mode.
    """

    mean: Array
    modes: Array
    standard_deviation: Array


@dataclass(frozen=True, slots=True)
class PersonCovariance:
    """Covariance of shapes between persons and within a person, (204, 204) each."""

    between: Array
    within: Array


def rigid_weights() -> Array:
    """(68,) weights of the alignment: eyes and nose fully, what moves or is ill-defined less."""
    weights = np.ones(68)
    weights[0:17] = 0.3  # jaw
    weights[17:27] = 0.6  # brows
    weights[48:68] = 0.3  # mouth
    return weights


def learn_statistics(labels: FaceLabels) -> LandmarkStatistics:
    """Learn mean and modes from labelled crops.

    Expression is where variance within a person exceeds that between persons the most (the
    maximum margin criterion, Li, Jiang and Zhang 2006, with the roles exchanged); identity is the
    rest of the 50 leading dimensions.
    """
    mean = learn_mean(labels)
    good = labels.spread < _MAX_SPREAD
    annotated = labels.has_annotation
    teacher = unposed(crop_frame_from_stored(labels.landmarks), mean) - mean
    people = unposed(crop_frame_from_stored(annotated_landmarks(labels)), mean) - mean
    frontal = np.abs(labels.yaw_deg)
    from_teacher = person_covariance(teacher, labels.identity, good & (frontal < 15.0))
    from_people = person_covariance(people, labels.identity, annotated & (frontal < 30.0))
    added = (people - teacher)[annotated].reshape(-1, 204)
    residual = _mirror_average(added.T @ added / len(added))
    within = from_teacher.within + _ANNOTATION_WITHIN * from_people.within
    between = from_teacher.between + from_people.between
    modes = split_modes(between, within, _ANNOTATION_RESIDUAL * residual)
    rms = np.sqrt((modes**2).sum(axis=(1, 2)) / 68)
    return LandmarkStatistics(mean, modes, rms)


def learn_mean(labels: FaceLabels, *, rounds: int = 5) -> Array:
    """(68, 3) symmetric mean of the frontal faces by generalised Procrustes analysis.

    The upright, forward direction is the labels' own (their 3DDFA pose); the origin lies between
    the eyes' corners in depth and at the nose in height.
    """
    points = crop_frame_from_stored(labels.landmarks)
    frontal = points[np.abs(labels.yaw_deg) < _FRONTAL_YAW_DEG]
    pose = labels.parameters_3ddfa[:, :12].reshape(-1, 3, 4)[:, :, :3]
    u, _, vt = np.linalg.svd(pose[np.abs(labels.yaw_deg) < _FRONTAL_YAW_DEG])
    centred = frontal - frontal.mean(axis=1, keepdims=True)
    mean = np.einsum("nki,nij->kj", centred, u @ vt) / len(frontal)
    for _ in range(rounds):
        mean = _symmetric(mean)
        mean = remove_pose(frontal, align_similarity(frontal, mean, rigid_weights())).mean(axis=0)
        mean *= OUTER_EYE_DISTANCE / np.linalg.norm(mean[36] - mean[45])
    mean = _symmetric(mean)
    eye_corners = mean[[36, 39, 42, 45]]
    origin = np.array([0.0, mean[27:36, 1].mean(), eye_corners[:, 2].mean()])
    return np.asarray(mean - origin, np.float64)


def unposed(points: Array, mean: Array) -> Array:
    """(n, 68, 3) crop-frame points moved into the model frame."""
    return remove_pose(points, align_similarity(points, mean, rigid_weights()))


def person_covariance(
    displacement: Array, identity: NDArray[np.str_], chosen: NDArray[np.bool_]
) -> PersonCovariance:
    """Unbiased covariance between and within persons, averaged with its mirror image.

    Args:
        displacement: (n, 68, 3) shapes minus the mean.
        identity: (n,) names; ``""`` is nobody and is left out.
        chosen: (n,) which pictures count.
    """
    usable = chosen & (identity != "")
    _, person = np.unique(identity[usable], return_inverse=True)
    count = np.bincount(person)
    shapes = displacement[usable].reshape(-1, 204)
    means = np.zeros((len(count), 204))
    np.add.at(means, person, shapes)
    means /= count[:, None]
    known = count >= _MIN_IMAGES
    inner = (shapes - means[person])[known[person]]
    within = inner.T @ inner / (len(inner) - known.sum())
    outer = means[known] - means[known].mean(axis=0)
    sampling = within * np.mean(1.0 / count[known])  # a mean of few pictures varies by itself
    between = outer.T @ outer / (len(outer) - 1) - sampling
    return PersonCovariance(_mirror_average(between), _mirror_average(within))


def split_modes(between: Array, within: Array, residual: Array) -> Array:
    """The 40 identity and 10 expression modes of one standard deviation, (50, 68, 3)."""
    total = between + within + residual
    span = _leading(total, N_SHAPE + N_EXPRESSION)
    margin = span.T @ (within - between) @ span
    _, directions = np.linalg.eigh(margin)
    expression = span @ directions[:, -N_EXPRESSION:]
    identity = span @ directions[:, :-N_EXPRESSION]
    blocks = [_ordered(identity, total), _ordered(expression, total)]
    return np.concatenate(blocks).reshape(-1, 68, 3)


def _ordered(directions: Array, covariance: Array) -> Array:
    """Uncorrelated modes inside the span of orthonormal columns, falling, scaled to one sigma."""
    variance, turn = np.linalg.eigh(directions.T @ covariance @ directions)
    modes = (directions @ turn[:, ::-1] * np.sqrt(variance[::-1])).T
    # The largest displacement is positive; of one half, as the other's equals it up to rounding.
    half = modes.reshape(-1, 68, 3)[:, np.arange(68) <= MIRROR_68].reshape(len(modes), -1)
    largest = np.take_along_axis(half, np.abs(half).argmax(axis=1)[:, None], axis=1)
    return np.asarray(modes * np.sign(largest), np.float64)


def _leading(covariance: Array, count: int) -> Array:
    _, vectors = np.linalg.eigh(covariance)
    return vectors[:, ::-1][:, :count]


def _symmetric(shape: Array) -> Array:
    """A (68, 3) shape averaged with its mirror image."""
    return np.asarray((shape + shape[MIRROR_68] * _FLIP_X) / 2.0, np.float64)


def _mirror_average(covariance: Array) -> Array:
    """A (204, 204) covariance averaged with that of the mirrored faces."""
    blocks = covariance.reshape(68, 3, 68, 3)
    mirrored = blocks[MIRROR_68][:, :, MIRROR_68]
    mirrored = mirrored * _FLIP_X[None, :, None, None] * _FLIP_X
    return np.asarray((blocks + mirrored).reshape(204, 204) / 2.0, np.float64)
