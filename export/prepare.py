"""Gather what training needs from a folder of labelled crops and a face model."""

from __future__ import annotations

from pathlib import Path

from frsdk.morphable import MorphableModel, builtin_face_model

from .crops import load_crops
from .facemodel.evaluate import landmark_basis_of
from .faces_data import FaceLabels, read_labels
from .profiling_mesh import profiling_mesh
from .targets import LandmarkBasis, fit_labels
from .training import ProfilingGeometry, TrainData, sampling_weights


def load_training_data(
    folder: Path, model: MorphableModel, *, profiling: bool = False
) -> tuple[TrainData, LandmarkBasis]:
    """Decode the training crops and fit the model's parameters to their labels.

    Args:
        folder: Folder with ``train.npz`` and its tar shards.
        model: The face model; its coefficients are scaled to standard deviations for training.
        profiling: Also fit the built-in model's surface, by which faces are turned.

    Raises:
        InputError: Labels or crops are missing or damaged.
    """
    labels = read_labels(folder / "train.npz")
    basis = landmark_basis_of(model)
    params = fit_labels(labels, basis)
    crops = load_crops(folder, "train", labels)
    sampling = sampling_weights(labels.yaw_deg, labels.has_annotation)
    geometry = _geometry(labels, model) if profiling else None
    return TrainData(crops, params, sampling, geometry), basis


def _geometry(labels: FaceLabels, model: MorphableModel) -> ProfilingGeometry:
    """The built-in surface fitted to the labels; the labels' own parameters where it is theirs."""
    surface = builtin_face_model()
    mesh = profiling_mesh(surface)
    if surface.sha256 == model.sha256:
        return ProfilingGeometry(mesh)
    basis = landmark_basis_of(surface)
    return ProfilingGeometry(mesh, fit_labels(labels, basis), basis.mirror_coefficients())
