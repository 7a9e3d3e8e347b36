"""Turn a finished run into a checkpoint with its spec."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from frsdk._version import __version__
from frsdk.face_model_ref import reference_to
from frsdk.morphable import MorphableModel
from frsdk.spec import ArchitectureSpec, ModelSpec

from .checkpoint import save_checkpoint
from .training import Trainer

RESEARCH_ONLY = (
    "research use only: trained on AAF, UTKFace, CFP, HELEN, AFW and YouTube-Faces pictures with "
    "labels of a 300W-LP-trained teacher; see MODEL_CARD.md"
)


def write_model(trainer: Trainer, model: MorphableModel, faces: Path, path: Path) -> None:
    """Write the averaged weights of a run as ``.pth`` with a spec.

    Args:
        trainer: The finished run.
        model: The face model that it was trained for.
        faces: Folder of the training crops, for the digest of the labels.
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
            "labels_sha256": hashlib.sha256((faces / "train.npz").read_bytes()).hexdigest(),
        },
        licence=RESEARCH_ONLY,
        producer=f"frsdk {__version__}",
    )
    save_checkpoint(path, trainer.average.eval(), spec)
