"""How closely a face model fits held-out labels, and what its two blocks carry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from frsdk.metrics.nme import YAW_BINS_DEG
from frsdk.morphable.morphable_model import N_SHAPE, MorphableModel

from ..datasets.face_labels import FaceLabels, annotated_landmarks, crop_frame_from_stored
from ..datasets.fit_parameters import FitSettings, fit_parameters
from ..datasets.parameter_labels import LandmarkBasis
from .landmark_statistics import person_covariance, unposed

Array = NDArray[np.float64]


def landmark_basis_of(model: MorphableModel) -> LandmarkBasis:
    """The model's landmarks in float64; modes scaled to one standard deviation."""
    rows = model.landmark_basis.astype(np.float64).reshape(-1, 68, 3)
    return LandmarkBasis(rows[0], rows[1:] * model.coefficient_std[:, None, None])


def evaluate_fit(model: MorphableModel, held_out: FaceLabels, people: FaceLabels) -> Iterator[str]:
    """Lines of a report: fit to ``lmk68`` and ``gt68``, and the variance of each block.

    Args:
        model: The face model.
        held_out: Labels that it was not learned from.
        people: Labels with several pictures of a person, for the variances.
    """
    basis = landmark_basis_of(model)
    points = crop_frame_from_stored(held_out.landmarks)
    params = fit_parameters(points, basis.mean, basis.modes)
    error = _error_percent(basis.decode(params), points, points)
    yield from _table("lmk68, 3D", error, held_out.yaw_deg)
    largest = f"largest |coefficient|: lmk68 {_largest(params):.2f}"
    chosen = held_out.has_annotation
    if chosen.any():
        fitted, lines = _annotated_fit(basis, held_out.subset(chosen))
        yield from lines
        yield f"{largest}, gt68 {_largest(fitted):.2f} sigma"
    else:
        yield "gt68, 2D: no face has annotated landmarks"
        yield f"{largest} sigma"
    yield _spread_line(basis, people, by_people=True)
    yield _spread_line(basis, people, by_people=False)
    yield from _variance_lines(basis, people)


def _annotated_fit(basis: LandmarkBasis, labels: FaceLabels) -> tuple[Array, list[str]]:
    """Parameters fitted to annotated landmarks in 2D, and the table of what is left."""
    drawn = crop_frame_from_stored(annotated_landmarks(labels))
    settings = FitSettings(depth_weight=0.0, prior_px=0.2, iterations=20)
    fitted = fit_parameters(drawn, basis.mean, basis.modes, settings)
    error = _error_percent(basis.decode(fitted)[..., :2], drawn[..., :2], drawn)
    return fitted, list(_table("gt68, 2D", error, labels.yaw_deg))


def _spread_line(basis: LandmarkBasis, people: FaceLabels, *, by_people: bool) -> str:
    """How far the identity of one person moves over the frames that people annotated.

    Fitted to their points in 2D, or to the teacher's in 3D.
    """
    frontal = np.abs(people.yaw_deg) < 30.0
    known = people.subset(frontal & people.has_annotation & (people.identity != ""))
    _, person = np.unique(known.identity, return_inverse=True)
    several = np.bincount(person)[person] >= 3 if len(person) else np.zeros(0, np.bool_)
    source = "gt68" if by_people else "lmk68"
    if not several.any():
        return f"identity of one person over frames ({source}): nobody is annotated in three frames"
    marks = annotated_landmarks(known) if by_people else known.landmarks
    points = crop_frame_from_stored(marks[several])
    people_settings = FitSettings(depth_weight=0.0, prior_px=0.2, iterations=12)
    settings = people_settings if by_people else FitSettings()
    params = fit_parameters(points, basis.mean, basis.modes, settings)
    moves = np.einsum("nc,ckj->nkj", params[:, 12 : 12 + N_SHAPE], basis.modes[:N_SHAPE])
    size = np.sqrt(np.ptp(basis.mean[:, :2], axis=0).prod())
    inner = moves.reshape(len(moves), -1) / size * 100.0
    means = np.stack([inner[person[several] == k].mean(axis=0) for k in person[several]])
    persons = len(np.unique(person[several]))
    return (
        f"identity of one person over frames ({source}): spreads by "
        f"{_rms(inner - means):.3f} % of the face's size ({len(inner)} frames, {persons} persons)"
    )


def _rms(flat: Array) -> float:
    """Root mean square length of the landmarks' displacements in (n, 204)."""
    return float(np.sqrt(np.square(flat).sum() / (len(flat) * 68)))


def _error_percent(got: Array, wanted: Array, box: Array) -> Array:
    """(n,) mean point distance over sqrt(w h) of the points' box, in percent."""
    size = np.sqrt(np.ptp(box[..., :2], axis=1).prod(axis=1))
    return np.asarray(np.linalg.norm(got - wanted, axis=2).mean(axis=1) / size * 100.0, np.float64)


def _table(title: str, error: Array, yaw_deg: Array) -> Iterator[str]:
    yield f"{title}: mean {error.mean():.3f} %, p95 {np.percentile(error, 95):.3f} % ({len(error)})"
    size = np.abs(yaw_deg)
    for low, high in YAW_BINS_DEG:
        inside = (size <= high) & ((size > low) | (low == 0.0))
        if inside.any():
            yield f"  |yaw| {low:.0f}-{high:.0f}: {error[inside].mean():.3f} % ({inside.sum()})"


def _largest(params: Array) -> float:
    return float(np.abs(params[:, 12:]).max())


def _variance_lines(basis: LandmarkBasis, labels: FaceLabels) -> Iterator[str]:
    """Share of the variance between and within persons that each block carries, and the rest."""
    frontal = (np.abs(labels.yaw_deg) < 30.0) & (labels.spread < 0.015)
    cases = {
        "teacher's labels": (labels.landmarks, frontal & (labels.identity != "")),
        "annotations": (annotated_landmarks(labels), frontal & labels.has_annotation),
    }
    for name, (points, chosen) in cases.items():
        chosen = chosen & (labels.identity != "")
        _, pictures = np.unique(labels.identity[chosen], return_counts=True)
        if (pictures > 1).sum() < 2:
            yield f"variance between and within persons ({name}): under two persons have several"
            continue
        shapes = unposed(crop_frame_from_stored(points[chosen]), basis.mean) - basis.mean
        identity = labels.identity[chosen]
        everyone = np.ones(len(shapes), bool)
        covariance = person_covariance(shapes, identity, everyone)
        blocks = {"identity": basis.modes[:N_SHAPE], "expression": basis.modes[N_SHAPE:]}
        for kind, matrix in (("between", covariance.between), ("within", covariance.within)):
            shares = {k: _carried(matrix, modes) for k, modes in blocks.items()}
            text = ", ".join(f"{k} {share:.1%}" for k, share in shares.items())
            yield f"variance {kind} persons ({name}): {text}, rest {1 - sum(shares.values()):.1%}"


def _carried(covariance: Array, modes: Array) -> float:
    """Share of a covariance's trace inside the span of the modes."""
    directions, _ = np.linalg.qr(modes.reshape(len(modes), -1).T)
    return float(np.trace(directions.T @ covariance @ directions) / np.trace(covariance))
