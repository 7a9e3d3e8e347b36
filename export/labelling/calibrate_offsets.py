"""Where people and the face model put the 68 landmarks, beside MediaPipe's points.

Across outlines (jaw, brows, lips) and at the corners of eyes and mouth the offsets are medians over
templates that people drew. Along outlines, on the nose and in depth any spacing is a definition:
there they are what brings labelled near-frontal faces to the mean of the face model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from frsdk.errors import InputError
from frsdk.metrics.expression_measures import eye_openings
from frsdk.morphable.morphable_model import N_SHAPE

from ..datasets.face_labels import MIRROR_68, FaceLabels, crop_frame_from_stored
from ..datasets.fit_parameters import FitSettings, fit_parameters
from ..datasets.labelling_defaults import LabelSettings
from ..datasets.parameter_labels import MESH_FIT, LandmarkBasis
from .apply_offsets import eye_distance, rotations, with_offsets
from .mediapipe_teacher import MediapipeTeacher
from .webmorph_templates import CORNERS, OUTLINES, Template

Array = NDArray[np.float64]

_EYES = ((36, 39), (42, 45))
_CURVES = (
    range(17), range(17, 22), range(22, 27),
    (36, 37, 38, 39), (39, 40, 41, 36), (42, 43, 44, 45), (45, 46, 47, 42),
    range(48, 55), (54, 55, 56, 57, 58, 59, 48), range(60, 65), (64, 65, 66, 67, 60),
)  # fmt: skip
_NOSE = range(27, 36)
_ROUNDS = 10
_PRIOR_PX = 2.0  # strong: the mean of many faces should be the model's mean
_LARGEST_YAW_DEG = 12.0
_SAMPLES = 400  # along an outline


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Offsets and what they are made of.

    Attributes:
        offsets: (68, 3) for ``with_offsets``.
        templates: Templates whose face the mesh found.
        before: Mean distance of the mesh's points to outlines and corners, % of the eyes' distance.
        after: The same with the offsets, across.
        fit_before: How the face model fits the mesh's points, see ``fit_line``.
        fit_after: How it fits them with the offsets.
    """

    offsets: Array
    templates: int
    before: float
    after: float
    fit_before: str
    fit_after: str


def calibrate(
    templates: Iterable[Template],
    teacher: MediapipeTeacher,
    faces: FaceLabels,
    basis: LandmarkBasis,
) -> Calibration:
    """Measure the offsets.

    Args:
        templates: People's outlines.
        teacher: Labels the photographs; its ``label`` without offsets.
        faces: Labels of the teacher without offsets.
        basis: Landmarks of the face model.

    Raises:
        InputError: No template's face is found.
    """
    found = list(_from_templates(templates, teacher))
    if not found:
        raise InputError("no template's face was found: give a folder of templates with faces")
    away = np.stack(found)  # (n, 68, 2), NaN where unknown
    known = np.isfinite(away[0, :, 0])
    across = np.zeros((68, 2))
    across[known] = _even(np.nan_to_num(np.median(away, axis=0)))[known]
    left = away[:, known] - across[known]
    offsets = _along(faces, basis, across)
    points = crop_frame_from_stored(faces.landmarks)
    return Calibration(
        offsets,
        len(away),
        100.0 * float(np.linalg.norm(away[:, known], axis=2).mean()),
        100.0 * float(np.linalg.norm(left, axis=2).mean()),
        fit_line(points, basis),
        fit_line(with_offsets(points, offsets), basis),
    )


def fit_line(points: Array, basis: LandmarkBasis) -> str:
    """How a face model fits (n, 68, 3) landmarks as labels are fitted: distance, identity, eyes."""
    params = fit_parameters(points, basis.mean, basis.modes, MESH_FIT)
    decoded = basis.decode(params)[..., :2]
    size = np.sqrt(np.ptp(points[..., :2], axis=1).prod(axis=1))
    distance = np.linalg.norm(decoded - points[..., :2], axis=2).mean(axis=1) / size
    identity = np.sqrt((params[:, 12 : 12 + N_SHAPE] ** 2).mean())
    given, fitted = (eye_openings(each).mean(axis=1) for each in (points, decoded))
    slope = np.polyfit(given, fitted, 1)[0]
    return (
        f"{100.0 * distance.mean():.2f} % of sqrt(w h) away, identity {identity:.2f} standard "
        f"deviations, eye openings at slope {slope:.2f} (r {np.corrcoef(given, fitted)[0, 1]:.2f})"
    )


def _from_templates(templates: Iterable[Template], teacher: MediapipeTeacher) -> Iterable[Array]:
    settings = LabelSettings(crops=3)
    for template in templates:
        found = teacher.find(template.image)
        rng = np.random.default_rng(settings.seed)
        label = teacher.label(template.image, found[0], settings, rng) if found else None
        if label is not None:
            yield template_offsets(label.landmarks[:, :2], template.points)


def template_offsets(landmarks: Array, template: Array) -> Array:
    """(68, 2) ways to a template right and up in the face's frame, NaN where it says nothing.

    Args:
        landmarks: (68, 2) pixels, y down.
        template: (189, 2) pixels.
    """
    right, left = (landmarks[list(pair)].mean(axis=0) for pair in _EYES)
    distance = float(np.linalg.norm(left - right))
    x = (left - right) / distance
    y = np.array([x[1], -x[0]])  # up
    away = np.full((68, 2), np.nan)
    for landmark, point in CORNERS.items():
        away[landmark] = template[point] - landmarks[landmark]
    for chosen, line in OUTLINES:
        curve = _smooth(template[list(line)])
        for landmark in chosen:
            ways = curve - landmarks[landmark]
            away[landmark] = ways[(ways**2).sum(axis=1).argmin()]
    return np.stack([away @ x, away @ y], axis=1) / distance


def _smooth(line: Array) -> Array:
    """(_SAMPLES, 2) points along a cubic spline through a line's."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    samples = CubicSpline(length, line)(np.linspace(0.0, length[-1], _SAMPLES))
    return np.asarray(samples, np.float64)


def _along(faces: FaceLabels, basis: LandmarkBasis, across: Array) -> Array:
    """(68, 3) the offsets with what the face model says along outlines, on the nose, in depth."""
    near = np.abs(faces.yaw_deg) < _LARGEST_YAW_DEG
    points = crop_frame_from_stored(faces.landmarks[near])
    free = _free_directions(points)
    settings = FitSettings(depth_weight=0.3, prior_px=_PRIOR_PX, expression_weight=3.0)
    offsets = np.concatenate([across, np.zeros((68, 1))], axis=1)
    size = eye_distance(points)[:, None, None]
    for _ in range(_ROUNDS):
        moved = with_offsets(points, offsets)
        decoded = basis.decode(fit_parameters(moved, basis.mean, basis.modes, settings))
        left = np.einsum("nij,nki->nkj", rotations(moved), decoded - moved) / size
        offsets += np.einsum("kij,kj->ki", free, _even(np.median(left, axis=0)))
    return offsets


def _free_directions(points: Array) -> Array:
    """(68, 3, 3) projections onto what templates say nothing about."""
    centred = points - points.mean(axis=1, keepdims=True)
    unposed = np.einsum("nij,nki->nkj", rotations(points), centred)
    shape = _even(np.median(unposed / eye_distance(points)[:, None, None], axis=0))[:, :2]
    free = np.zeros((68, 3, 3))
    free[:, 2, 2] = 1.0
    for curve in (list(each) for each in _CURVES):
        for place, landmark in enumerate(curve):
            if landmark in CORNERS:
                continue
            after, before = curve[min(place + 1, len(curve) - 1)], curve[max(place - 1, 0)]
            way = shape[after] - shape[before]
            way /= np.linalg.norm(way)
            free[landmark, :2, :2] = np.outer(way, way)
    free[_NOSE] = np.eye(3)
    return free


def _even(offsets: Array) -> Array:
    """The same on both sides of the face: (68, 2 or 3)."""
    flip = np.ones(offsets.shape[1])
    flip[0] = -1.0
    return np.asarray((offsets + offsets[MIRROR_68] * flip) / 2.0, np.float64)
