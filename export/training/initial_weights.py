"""Start a training run from the weights of a checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from frsdk.errors import SpecError
from frsdk.morphable.face_model_match import fits
from frsdk.morphable.morphable_model import MorphableModel

from ..checkpoints.checkpoint_file import load_checkpoint
from ..checkpoints.weights_origin import origin_of
from .trainer import Trainer

_LAST = "regress"


def load_initial_weights(trainer: Trainer, path: Path, model: MorphableModel) -> bool:
    """Put a checkpoint's weights into a fresh run.

    The last layer is changed so that the parameters stay the same under the run's own whitening;
    for another face model it begins anew.

    Args:
        trainer: A run that has not begun.
        path: A ``.pth`` of the same architecture.
        model: The run's face model.

    Returns:
        Whether the last layer was taken too.

    Raises:
        SpecError: Damaged, or of another architecture.
    """
    network, spec = load_checkpoint(path)
    wanted = trainer.config.architecture
    if spec.architecture.name != wanted or spec.architecture.arguments:
        raise SpecError(
            f"{path}: is a {spec.architecture}, the run trains a plain {wanted}: use another file"
        )
    same = fits(model, spec.face_model)
    if same:
        unit = np.ones(len(spec.param_mean))
        unit[12:] = model.coefficient_std  # training works in standard deviations
        rewhiten(
            network,
            (np.array(spec.param_mean) / unit, np.array(spec.param_std) / unit),
            (trainer.whitening.mean, trainer.whitening.std),
        )
    else:
        fresh = trainer.network.get_submodule(_LAST).state_dict()
        network.get_submodule(_LAST).load_state_dict(fresh)
    trainer.network.load_state_dict(network.state_dict())
    trainer.average.load_state_dict(network.state_dict())
    trainer.began_from = origin_of(path, spec)
    return same


def rewhiten(
    network: nn.Module,
    old: tuple[NDArray[np.float64], NDArray[np.float64]],
    new: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Make the last layer give (p - mean) / std of the new whitening for the same parameters p."""
    last = network.get_submodule(_LAST)
    scale = torch.tensor(old[1] / new[1])
    shift = torch.tensor((old[0] - new[0]) / new[1])
    with torch.no_grad():
        for name, value in last.named_parameters():
            if name == "bias":
                value.copy_(value.double() * scale + shift)
            else:
                value.copy_(value.double() * scale.reshape(-1, *[1] * (value.ndim - 1)))
