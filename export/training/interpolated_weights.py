"""Weights between two networks of one ancestor, which are often better than either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from frsdk.errors import InputError, SpecError
from frsdk.storage.atomic_write import make_folder

from ..checkpoints.checkpoint_file import load_checkpoint, save_checkpoint
from ..checkpoints.weights_origin import origin_of
from ..datasets.data_provenance import joined_licence
from .initial_weights import rewhiten


def write_interpolated(first: Path, second: Path, share: float, output: Path) -> None:
    """Write ``(1 - share) * first + share * second``, statistics of batch norm included.

    Sensible where ``second`` was fine-tuned from ``first`` (Wortsman et al., CVPR 2022): it keeps
    most of what was learned and takes back part of what that cost elsewhere.

    Args:
        first: A ``.pth``; the result has its whitening.
        second: A ``.pth`` of the same architecture and face model, whose data and licence it states
            beside the first one's (``interpolated_with`` in the training part).
        share: Of the second, 0 to 1.
        output: The file to write.

    Raises:
        InputError: The share is not between 0 and 1.
        SpecError: A file is damaged, or the two do not fit each other.
        OutputError: The file cannot be written.
    """
    if not 0.0 <= share <= 1.0:
        raise InputError(f"expected a share between 0 and 1, got {share}")
    network, spec = load_checkpoint(first)
    other, other_spec = load_checkpoint(second)
    if (spec.architecture, spec.face_model) != (other_spec.architecture, other_spec.face_model):
        raise SpecError(f"{second}: has another architecture or face model than {first}")
    rewhiten(
        other,
        (np.array(other_spec.param_mean), np.array(other_spec.param_std)),
        (np.array(spec.param_mean), np.array(spec.param_std)),
    )
    theirs = other.state_dict()
    mixed = {
        name: ((1.0 - share) * value.double() + share * theirs[name].double()).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(mixed)
    terms = [(first.name, spec.licence), (second.name, other_spec.licence)]
    training = {
        **(other_spec.training or {}),
        "share_of_these_weights": share,
        "interpolated_with": origin_of(first, spec),
    }
    make_folder(output.parent)
    stated = replace(
        other_spec,
        param_mean=spec.param_mean,
        param_std=spec.param_std,
        training=training,
        licence=joined_licence(terms),
    )
    save_checkpoint(output, network.eval(), stated)
