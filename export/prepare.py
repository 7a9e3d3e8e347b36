"""Gather what training needs from a folder of labelled crops and a face model."""

from __future__ import annotations

from pathlib import Path

from frsdk.morphable import MorphableModel

from .crops import load_crops
from .facemodel.evaluate import landmark_basis_of
from .faces_data import read_labels
from .targets import LandmarkBasis, fit_labels
from .training import TrainData, sampling_weights


def load_training_data(folder: Path, model: MorphableModel) -> tuple[TrainData, LandmarkBasis]:
    """Decode the training crops and fit the model's parameters to their labels.

    Args:
        folder: Folder with ``train.npz`` and its tar shards.
        model: The face model; its coefficients are scaled to standard deviations for training.

    Raises:
        InputError: Labels or crops are missing or damaged.
    """
    labels = read_labels(folder / "train.npz")
    basis = landmark_basis_of(model)
    params = fit_labels(labels, basis)
    crops = load_crops(folder, "train", labels)
    sampling = sampling_weights(labels.yaw_deg, labels.has_annotation)
    return TrainData(crops, params, sampling), basis
