"""Gather what training needs from a folder of labelled crops and a face model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FaceModelError, InputError
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model

from ..augmentation.profiling_mesh import profiling_mesh
from ..datasets.expression_labels import (
    ExpressionLabels,
    mesh_points_path,
    read_mesh_points,
    with_mesh_points,
)
from ..datasets.face_labels import (
    FaceLabels,
    crop_frame_from_3ddfa,
    crop_frame_from_stored,
    joined,
    read_labels,
)
from ..datasets.parameter_labels import LandmarkBasis, fit_labels, fit_mesh_labels
from ..datasets.stored_crops import load_good_crops
from ..facemodel.evaluate_face_model import landmark_basis_of
from .training_batches import ProfilingGeometry, TrainData, sampling_weights
from .training_defaults import TrainConfig

Array = NDArray[np.float64]


def load_training_data(
    folder: Path,
    model: MorphableModel,
    config: TrainConfig | None = None,
    *,
    bad_share: float = 0.0,
    also: Sequence[Path] = (),
) -> tuple[TrainData, LandmarkBasis]:
    """Decode the training crops and fit the model's parameters to their labels.

    In 3DDFA's own space the labels are those of the files (``param62``).

    Args:
        folder: Folder with ``train.npz`` and its tar shards.
        model: The face model; its coefficients are scaled to standard deviations for training.
        config: What shapes the run; its defaults without one. With profiling the built-in
            model's surface, by which faces are turned, is fitted too.
        bad_share: Damaged crops are skipped, named, up to this share of them.
        also: More such folders.

    Raises:
        InputError: Labels or crops are missing or damaged.
    """
    config = config or TrainConfig()
    faces, crops = _gathered([folder, *also], config, bad_share)
    labels = faces.labels
    basis = landmark_basis_of(model)
    params = _labels_in_space(labels, basis, model, config)
    sampling = sampling_weights(
        labels.yaw_deg,
        labels.has_annotation,
        config.annotated_draws,
        [
            (faces.with_closed_eye, config.closed_eye_draws),
            (faces.with_open_mouth, config.open_mouth_draws),
        ],
    )
    geometry = _geometry(labels, model, config) if config.profiling else None
    residual = _residual(labels, basis.decode(params)) if labels.has_annotation.any() else None
    return TrainData(crops, params, sampling, geometry, residual, faces.known), basis


def mesh_files(folders: Sequence[Path], config: TrainConfig) -> list[Path]:
    """The files of mesh points that labels of a run are made of, beside each ``train.npz``."""
    meshes = [mesh_points_path(folder, "train") for folder in folders]
    return [path for path in meshes if config.expression_labels and path.is_file()]


def _gathered(
    folders: Sequence[Path], config: TrainConfig, bad_share: float
) -> tuple[ExpressionLabels, NDArray[np.uint8]]:
    """Labels and crops of the training faces of some folders, in their order."""
    labels, points, crops = [], [], []
    for folder in folders:
        read = read_labels(folder / "train.npz")
        loaded, good = load_good_crops(folder, "train", read, bad_share=bad_share)
        labels.append(read.subset(good))
        crops.append(loaded)
        points.append(_mesh_points(folder, labels[-1], config))
    whole = joined(labels)
    together = crops[0] if len(crops) == 1 else np.concatenate(crops)
    if config.mesh_labels:
        return ExpressionLabels(whole, np.ones(len(whole), np.bool_)), together
    return with_mesh_points(whole, np.concatenate(points)), together


def _mesh_points(folder: Path, labels: FaceLabels, config: TrainConfig) -> Array:
    """(n, 68, 2) points of the folder's face mesh, NaN where it has none or none are wanted."""
    path = mesh_points_path(folder, "train")
    if config.expression_labels and path.is_file():
        return read_mesh_points(path, labels)
    return np.full((len(labels), 68, 2), np.nan)


def space_of(model: MorphableModel) -> str:
    """Name of a face model's space, one of ``--space``, or nothing for any other."""
    if model.sha256 == builtin_face_model().sha256:
        return "builtin"
    return next((space for space in ("bfm", "ict") if model.name.startswith(space)), "")


def loss_basis_of(model: MorphableModel, count: int, seed: int) -> LandmarkBasis:
    """The 68 landmarks, then ``count`` other vertices drawn with a seed.

    Raises:
        FaceModelError: The model has fewer.
    """
    if count > model.n_vertices - len(model.landmark_indices):
        raise FaceModelError(
            f"{model.name} has {model.n_vertices} vertices: {count} beside the landmarks are too "
            "many: lower dense_vertices"
        )
    others = np.setdiff1d(np.arange(model.n_vertices), model.landmark_indices)
    drawn = np.random.default_rng([seed, 2**30]).choice(others, count, replace=False)
    chosen = np.concatenate([model.landmark_indices, np.sort(drawn)])
    rows = model.basis.reshape(len(model.basis), -1, 3)[:, chosen].astype(np.float64)
    return LandmarkBasis(rows[0], rows[1:] * model.coefficient_std[:, None, None])


def _labels_in_space(
    labels: FaceLabels, basis: LandmarkBasis, model: MorphableModel, config: TrainConfig
) -> Array:
    """(n, 62) labels, coefficients in standard deviations."""
    if space_of(model) != "bfm":
        return _fitted(labels, basis, config, config.fiducial_share)
    params = crop_frame_from_3ddfa(labels.parameters_3ddfa)
    if not np.isfinite(params).all() or not np.abs(params[:, :3]).max(axis=1).all():
        raise InputError(
            "param62 of the labels is not finite or all zero: labels without 3DDFA's parameters "
            "cannot train a network in its space"
        )
    params[:, 12:] /= model.coefficient_std
    return params


def _fitted(labels: FaceLabels, basis: LandmarkBasis, config: TrainConfig, share: float) -> Array:
    if config.mesh_labels:
        return fit_mesh_labels(labels, basis)
    return fit_labels(labels, basis, share, follow_expression=config.expression_labels)


def _residual(labels: FaceLabels, landmarks: Array) -> Array:
    """(n, 68, 2) annotated landmarks minus the labels' landmarks, NaN where none."""
    return crop_frame_from_stored(labels.annotation) - landmarks[..., :2]


def _geometry(labels: FaceLabels, model: MorphableModel, config: TrainConfig) -> ProfilingGeometry:
    """The labels' own face model where it has a surface, else the built-in one fitted to them."""
    space = space_of(model)
    if space not in ("bfm", "ict") and len(model.triangles) and len(model.uv):
        return ProfilingGeometry(profiling_mesh(model))
    surface = builtin_face_model()
    mesh = profiling_mesh(surface)
    basis = landmark_basis_of(surface)
    share = 0.0 if space == "bfm" else config.fiducial_share
    params = _fitted(labels, basis, config, share)
    return ProfilingGeometry(mesh, params, basis.mirror_coefficients())
