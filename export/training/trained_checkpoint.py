"""Turn a finished run into a checkpoint with its spec."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from frsdk._version import __version__
from frsdk.errors import InputError
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.model_spec import ArchitectureSpec, ModelSpec

from ..checkpoints.checkpoint_file import save_checkpoint
from .trainer import Trainer

RESEARCH_ONLY = (
    "research use only: trained on AAF, UTKFace, CFP, HELEN, AFW and YouTube-Faces pictures with "
    "labels of a 300W-LP-trained teacher; see MODEL_CARD.md"
)


def labels_digest(faces: Path) -> str:
    """SHA-256 of the training labels, taken before the hours of a training.

    Raises:
        InputError: They cannot be read.
    """
    labels = faces / "train.npz"
    try:
        return hashlib.sha256(labels.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{labels}: cannot be read ({error.strerror}): give a folder that holds it"
        ) from error


def write_model(trainer: Trainer, model: MorphableModel, labels: str, path: Path) -> None:
    """Write the averaged weights of a run as ``.pth`` with a spec.

    Args:
        trainer: The finished run.
        model: The face model that it was trained for.
        labels: Digest of the training labels.
        path: The file to write.
    """
    std = trainer.whitening.std.copy()
    mean = trainer.whitening.mean.copy()
    std[12:] *= model.coefficient_std  # training works in standard deviations
    mean[12:] *= model.coefficient_std
    spec = ModelSpec(
        architecture=ArchitectureSpec(trainer.config.architecture),
        face_model=reference_to(model),
        param_mean=tuple(float(v) for v in np.round(mean, 8)),
        param_std=tuple(float(v) for v in np.round(std, 8)),
        training={
            **asdict(trainer.config),
            "images_seen": trainer.step * trainer.config.batch_size,
            "labels_sha256": labels,
        },
        licence=RESEARCH_ONLY,
        producer=f"frsdk {__version__}",
    )
    save_checkpoint(path, trainer.average.eval(), spec)
