"""Turn a finished run into a checkpoint with its spec."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from frsdk._version import __version__
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.model_spec import ArchitectureSpec, ModelSpec

from ..checkpoints.checkpoint_file import save_checkpoint
from ..checkpoints.weights_origin import licence_from, origin_fields
from ..datasets.data_provenance import DataProvenance
from .trainer import Trainer


def write_model(trainer: Trainer, model: MorphableModel, data: DataProvenance, path: Path) -> None:
    """Write the averaged weights of a run as ``.pth`` with a spec.

    Args:
        trainer: The finished run.
        model: The face model that it was trained for.
        data: What it was trained on, as far as the data say it.
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
            **data.as_fields(),
            **origin_fields(trainer.began_from),
        },
        licence=licence_from(trainer.began_from, data),
        producer=f"frsdk {__version__}",
    )
    save_checkpoint(path, trainer.average.eval(), spec)
