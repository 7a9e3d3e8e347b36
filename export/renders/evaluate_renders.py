"""How well a face model and the named expressions hold on renders, whose truth is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.expressions.blendshape_solver import builtin_solver
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.storage.npz_arrays import read_npz

from ..datasets.face_labels import FaceLabels, crop_frame_from_stored, read_labels
from ..datasets.fit_parameters import fit_parameters
from ..datasets.parameter_labels import LandmarkBasis
from ..facemodel.evaluate_face_model import landmark_basis_of
from .drawn_people import landmarks_at_rest
from .makehuman.head_model import read_head
from .makehuman.render_sources import found_sources

Array = NDArray[np.float64]

_LARGE_YAW_DEG = 40.0
_CLOSED, _OPEN = 0.7, 0.3  # weights of a blink
_DOWN = np.array([1.0, -1.0, 1.0])
_FIT_SCALE = 60.0  # crop pixels of a decimetre, about those of the renders
_FEWEST = 5  # faces that show an expression, below which there is no correlation to tell


def evaluate_renders(
    folder: Path, face_model: Path, split: str = "val", sources: Path | None = None
) -> Iterator[str]:
    """Lines of a report.

    Args:
        folder: Renders as ``frsdk-train render`` writes them.
        face_model: Whose parameters are fitted to the exact landmarks.
        split: "train" or "val".
        sources: What the renders were drawn from, to tell names where the neutral face is known.

    Raises:
        InputError: The folder has no labels, they lack what renders know, or a source is missing.
        FaceModelError: The face model is damaged.
    """
    path = folder / f"{split}.npz"
    labels = read_labels(path)
    truth = _truth(path, len(labels))
    basis = landmark_basis_of(MorphableModel.load(face_model))
    points = crop_frame_from_stored(labels.landmarks)
    params = fit_parameters(points, basis.mean, basis.modes)
    decoded = basis.decode(params)
    yield from _contents(labels, truth)
    error = _error_percent(decoded, points)
    near = np.abs(labels.yaw_deg) <= _LARGE_YAW_DEG
    most = np.percentile(error, 95)
    yield f"fit to the exact 3D points: mean {error.mean():.2f} %, p95 {most:.2f} %"
    for name, chosen in (("to", near), ("beyond", ~near)):
        if chosen.any():
            yield f"  |yaw| {name} {_LARGE_YAW_DEG:.0f}: {error[chosen].mean():.2f} %"
    shown = {"true landmarks": points, "fitted parameters": decoded}
    told = {name: _told(each, [None] * len(each)) for name, each in shown.items()}
    names = builtin_solver().table.seen(neutral_known=sources is not None)
    if sources is not None:
        told |= _told_with_neutral(shown, _at_rest(sources, labels), basis)
    yield f"| name | {' | '.join(told)} |"
    yield f"|---|{'---|' * len(told)}"
    for k in [BLENDSHAPE_NAMES.index(name) for name in names]:
        row = [_correlation(truth[:, k], weights[:, k]) for weights in told.values()]
        yield f"| {BLENDSHAPE_NAMES[k]} | {' | '.join(row)} |"
    for name, weights in told.items():
        yield f"eyeBlink, closed against open eyes, from {name}: AUC {_blink_auc(truth, weights)}"


def _at_rest(sources: Path, labels: FaceLabels) -> Array:
    """(n, 68, 3) neutral landmarks of the people, y up."""
    head = read_head(found_sources(sources))
    return landmarks_at_rest(head, [str(key) for key in labels.key])


def _told_with_neutral(
    shown: dict[str, Array], rest: Array, basis: LandmarkBasis
) -> dict[str, Array]:
    """Weights of faces whose neutral is known as they are: exactly, or as it is fitted."""
    fitted = basis.decode(fit_parameters(rest * _FIT_SCALE, basis.mean, basis.modes))
    solver = builtin_solver()
    neutral = [[solver.aligned(each * _DOWN) for each in faces] for faces in (rest, fitted)]
    return {
        f"{name}, neutral known": _told(faces, known)
        for (name, faces), known in zip(shown.items(), neutral, strict=True)
    }


def _truth(path: Path, count: int) -> Array:
    try:
        weights = read_npz(path, ["blendshapes"])["blendshapes"].astype(np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: no renders ({error}): make them with frsdk-train render"
        ) from error
    if weights.shape != (count, len(BLENDSHAPE_NAMES)):
        raise InputError(
            f"{path}: blendshapes: expected {(count, len(BLENDSHAPE_NAMES))}, got {weights.shape}"
        )
    return weights


def _contents(labels: FaceLabels, truth: Array) -> Iterator[str]:
    yaw = np.abs(labels.yaw_deg)
    blinks = truth[:, [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right")]]
    both = (blinks.min(axis=1) >= _CLOSED).mean()
    one = ((blinks.max(axis=1) >= _CLOSED) & (blinks.min(axis=1) < _CLOSED)).mean()
    yield (
        f"{len(labels)} renders of {len(np.unique(labels.identity))} people; |yaw| beyond "
        f"{_LARGE_YAW_DEG:.0f}: {(yaw > _LARGE_YAW_DEG).mean():.0%}; eyes closed {both:.0%}, one "
        f"{one:.0%}"
    )


def _told(points: Array, neutral: Sequence[Array | None]) -> Array:
    """(n, 51) weights that the solver tells from landmarks with y up."""
    solver = builtin_solver()
    pairs = zip(points, neutral, strict=True)
    return np.stack([solver.weights(face * _DOWN, known) for face, known in pairs])


def _error_percent(got: Array, wanted: Array) -> Array:
    """(n,) mean 3D distance over sqrt(w h) of the wanted box, percent; depth has no origin."""
    away = got - wanted
    away[..., 2] -= away[..., 2].mean(axis=1, keepdims=True)
    size = np.sqrt(np.ptp(wanted[..., :2], axis=1).prod(axis=1))
    return np.asarray(np.linalg.norm(away, axis=2).mean(axis=1) / size * 100.0, np.float64)


def _correlation(truth: Array, told: Array) -> str:
    if (truth > 0.05).sum() < _FEWEST or told.std() == 0.0:
        return "-"
    return f"{np.corrcoef(truth, told)[0, 1]:.2f}"


def _blink_auc(truth: Array, told: Array) -> str:
    """Chance that a closed eye is told a stronger blink than an open one."""
    columns = [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    weight, value = truth[:, columns].ravel(), told[:, columns].ravel()
    closed, opened = value[weight >= _CLOSED], value[weight <= _OPEN]
    if not len(closed) or not len(opened):
        return "-"
    more = (closed[:, None] > opened).mean() + 0.5 * (closed[:, None] == opened).mean()
    return f"{more:.3f}"
