"""Lids, brows and lips of labels from a face mesh's points, where these know more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.metrics.expression_measures import MEASURES, expression_measures, eye_openings
from frsdk.storage.npz_arrays import read_npz
from frsdk.storage.path_kinds import is_file

from .face_labels import MIRROR_68, FaceLabels, annotated_landmarks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BROWS, _LIPS = np.arange(17, 27), np.arange(48, 68)
_LIDS = (((37, 41), (38, 40)), ((43, 47), (44, 46)))  # above and below, of both eyes
_LID_LANDMARKS = np.array(_LIDS).reshape(-1)
_EYE_CORNERS = ((36, 39), (42, 45))
#: What a mesh's points change: brows, lids, lips.
EXPRESSION_LANDMARKS = np.concatenate([_BROWS, np.sort(_LID_LANDMARKS), _LIPS])
_NEEDED = np.array([*range(17, 27), *range(36, 68)])
#: Eye aspect ratio below which an eye is taken as closed.
CLOSED_EYE = 0.13
#: Gap of the inner lips over the distance of the outer eye corners from which a mouth is taken as
#: open: one face in ten of FairFace's. The eyes seem near each other on faces turned further than
#: the yaw.
OPEN_MOUTH, _OPEN_MOUTH_YAW_DEG = 0.15, 45.0
_MOUTH_OPENING = MEASURES.index("mouth opening")
_STEADY = np.array([36, 39, 42, 45, *range(27, 36)])  # eye corners and nose, by which sets align
_LARGEST_YAW_DEG = 32.0
_LID_STRETCH = 1.1  # annotated lids over the mesh's: slope on HELEN and AFW
_HALF_WAY = 0.5  # brows and the middle of the lips: nearer to annotated landmarks than either end
_AGREE = 0.12  # eye opening of annotated landmarks and of the mesh, at most this far apart
_FEWEST_FACES = 50  # below this, offsets between mesh and annotated landmarks are taken as 0


@dataclass(frozen=True, slots=True)
class ExpressionLabels:
    """Labels whose lids, brows and lips follow what the face does.

    Attributes:
        labels: The labels, landmarks replaced where the mesh knows more.
        known: (n,) whether lids, brows and lips are annotated or the mesh's, so that a loss may
            compare with them.
    """

    labels: FaceLabels
    known: Mask

    @property
    def with_closed_eye(self) -> Mask:
        """(n,) whether an eye is known to be closed or nearly."""
        openings = eye_openings(annotated_landmarks(self.labels))
        return np.asarray(self.known & (openings.min(axis=1) < CLOSED_EYE), np.bool_)

    @property
    def with_open_mouth(self) -> Mask:
        """(n,) whether the mouth is known to be open as in speech or wider."""
        opening = expression_measures(annotated_landmarks(self.labels))[:, _MOUTH_OPENING]
        frontal = np.abs(self.labels.yaw_deg) < _OPEN_MOUTH_YAW_DEG
        return np.asarray(self.known & frontal & (opening > OPEN_MOUTH), np.bool_)


def mesh_points_path(folder: Path, split: str) -> Path:
    """Where a folder of labelled crops keeps the points of MediaPipe's face mesh."""
    return folder / f"{split}_mediapipe68.npz"


def read_mesh_points(path: Path, labels: FaceLabels) -> Array:
    """(n, 68, 2) points of a face mesh in 160-crop pixels, NaN where it gives none.

    Args:
        path: ``key`` (m,) and ``points`` (m, 68, 2), in any order.
        labels: Of n faces.

    Raises:
        InputError: The file is missing or damaged, or lacks a face.
    """
    if not is_file(path):
        raise InputError(f"{path}: no such file of mesh points: leave expression_labels out")
    try:
        arrays = read_npz(path, ("key", "points"))
        points = arrays["points"].astype(np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not a file of mesh points: {error}") from error
    keys = [str(key) for key in arrays["key"]]
    if points.shape != (len(keys), 68, 2):
        raise InputError(f"{path}: points: expected {(len(keys), 68, 2)}, got {points.shape}")
    row_of_key = {key: row for row, key in enumerate(keys)}
    missing = [str(key) for key in labels.key if str(key) not in row_of_key]
    if missing:
        raise InputError(f"{path}: lacks {len(missing)} of {len(labels)} faces, {missing[0]} first")
    return points[[row_of_key[str(key)] for key in labels.key]]


def with_mesh_points(labels: FaceLabels, points: Array) -> ExpressionLabels:
    """Change lids, brows and lips of near-frontal faces without annotated landmarks.

    The mesh's points are laid over the landmarks by the corners of the eyes and the nose (where the
    mesh gives it), and the constant offsets between its points and annotated ones, as faces with
    both have them, are taken off. From there come how far lids are apart, the shape of lips, and
    half the way of the brows and of the lips' middle. Turned faces and those without a mesh stay.

    Args:
        labels: Of n faces.
        points: (n, 68, 2) in 160-crop pixels, NaN where the mesh gives none.
    """
    given: Mask = np.isfinite(points[:, _NEEDED])
    seen: Mask = np.asarray(given.all(axis=(1, 2)), np.bool_)
    near = np.abs(labels.yaw_deg) < _LARGEST_YAW_DEG
    by_people = labels.has_annotation
    aligned = np.full_like(points, np.nan)
    aligned[seen] = _laid_over(points[seen], labels.landmarks[seen, :, :2])
    both = seen & near & by_people
    if int(both.sum()) >= _FEWEST_FACES:
        offsets = _offsets(aligned[both], labels.annotation[both])
        aligned[seen] += _in_picture(offsets, aligned[seen])
    landmarks = labels.landmarks.copy()
    replaced = seen & near & ~by_people
    landmarks[replaced, :, :2] = _expressive(landmarks[replaced, :, :2], aligned[replaced])
    known = by_people | replaced
    if both.any():
        gap = eye_openings(labels.annotation[both]) - eye_openings(points[both])
        known[both] = np.abs(gap.mean(axis=1)) < _AGREE
    return ExpressionLabels(replace(labels, landmarks=landmarks), known)


def _expressive(landmarks: Array, mesh: Array) -> Array:
    """(n, 68, 2) landmarks with lids, brows and lips of a mesh that lies over them."""
    moved = landmarks.copy()
    for (first, last), pairs in zip(_EYE_CORNERS, _LIDS, strict=True):
        width = _distance(landmarks, first, last) / _distance(mesh, first, last)
        for above, below in pairs:
            middle = (landmarks[:, above] + landmarks[:, below]) / 2.0
            half = (mesh[:, above] - mesh[:, below]) * (_LID_STRETCH * width / 2.0)[:, None]
            moved[:, above], moved[:, below] = middle + half, middle - half
    moved[:, _BROWS] += _HALF_WAY * (mesh[:, _BROWS] - landmarks[:, _BROWS])
    middle = mesh[:, _LIPS].mean(axis=1, keepdims=True)
    old_middle = landmarks[:, _LIPS].mean(axis=1, keepdims=True)
    moved[:, _LIPS] = mesh[:, _LIPS] + (1.0 - _HALF_WAY) * (old_middle - middle)
    return moved


def _laid_over(points: Array, landmarks: Array) -> Array:
    """Points after the similarity that brings their eye corners and nose to the landmarks'."""
    given = np.asarray(np.isfinite(points[:, _STEADY]).all(axis=2))[..., None]  # (n, 13, 1)
    count = given.sum(axis=1, keepdims=True)
    source, target = np.nan_to_num(points[:, _STEADY]) * given, landmarks[:, _STEADY] * given
    source_mean = source.sum(axis=1, keepdims=True) / count
    target_mean = target.sum(axis=1, keepdims=True) / count
    a = _complex((source - source_mean) * given)
    b = _complex((target - target_mean) * given)
    turn = (a.conj() * b).sum(axis=1) / (np.abs(a) ** 2).sum(axis=1)
    laid = _plane(_complex(points - source_mean) * turn[:, None]) + target_mean
    return np.asarray(laid, np.float64)


def _offsets(aligned: Array, people: Array) -> Array:
    """(68, 2) annotated landmarks minus the mesh's, eye distances along and across the eyes' line.

    Medians over the faces, and the same on both sides of the face; those of lids only along.
    """
    eyes = _eye_line(aligned)
    away = _complex(people - aligned) / eyes[:, None]
    median = np.stack([np.median(away.real, axis=0), np.median(away.imag, axis=0)], axis=1)
    even: Array = (median + median[MIRROR_68] * np.array([-1.0, 1.0])) / 2.0
    even[_LID_LANDMARKS, 1] = 0.0  # how far lids are open is no constant
    kept = np.zeros((68, 2))
    kept[_NEEDED] = even[_NEEDED]
    return kept


def _in_picture(offsets: Array, aligned: Array) -> Array:
    """(n, 68, 2) offsets in pixels of each face."""
    return _plane(_complex(offsets)[None] * _eye_line(aligned)[:, None])


def _eye_line(points: Array) -> NDArray[np.complex128]:
    """(n,) from the middle of the eye on the left of the picture to that of the other."""
    middles = points[:, [[36, 39], [42, 45]]].mean(axis=2)
    return _complex(middles[:, 1] - middles[:, 0])


def closed_lids(points: Array, opening: float) -> Array:
    """(n, 68, 2) points whose eyes are open by at most ``opening`` (eye aspect ratio)."""
    moved = points.copy()
    share = np.minimum(1.0, opening / np.maximum(eye_openings(points), 1e-6))  # (n, 2)
    for side, pairs in enumerate(_LIDS):
        for above, below in pairs:
            middle = (points[:, above] + points[:, below]) / 2.0
            for lid in (above, below):
                moved[:, lid] = middle + (points[:, lid] - middle) * share[:, side, None]
    return moved


def _distance(points: Array, first: int, second: int) -> Array:
    return np.asarray(np.linalg.norm(points[:, first] - points[:, second], axis=1), np.float64)


def _complex(points: Array) -> NDArray[np.complex128]:
    return np.asarray(points[..., 0] + 1j * points[..., 1], np.complex128)


def _plane(numbers: NDArray[np.complex128]) -> Array:
    return np.stack([numbers.real, numbers.imag], axis=-1)
