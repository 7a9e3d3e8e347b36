"""Read and write ``.pth`` weights that carry their spec."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import nn

from frsdk.detector_spec import DetectorSpec, spec_from_json
from frsdk.errors import SpecError
from frsdk.files import atomic_write
from frsdk.spec import METADATA_KEY, ModelSpec

from .networks import build_network


def save_checkpoint(path: Path, network: nn.Module, spec: ModelSpec | DetectorSpec) -> None:
    """Write weights and spec: ``{"frsdk.spec": JSON, "state": tensors}``.

    Raises:
        OutputError: The file cannot be written; an older file is untouched.
    """
    content = {METADATA_KEY: spec.to_json(), "state": network.state_dict()}
    atomic_write(path, lambda file: torch.save(content, file))


def load_checkpoint(path: Path) -> tuple[nn.Module, ModelSpec]:
    """Read a reconstruction network; nothing in it is executed (``weights_only``).

    Returns:
        The network in evaluation mode, and its spec.

    Raises:
        SpecError: Missing, damaged, carries code, lacks the spec, or the weights do not fit; or it
            holds a face detector.
    """
    network, spec = load_any_checkpoint(path)
    if not isinstance(spec, ModelSpec):
        raise SpecError(f"{path}: holds a face detector: expected a reconstruction network")
    return network, spec


def load_any_checkpoint(path: Path) -> tuple[nn.Module, ModelSpec | DetectorSpec]:
    """Read a reconstruction network or a face detector, as :func:`load_checkpoint` does.

    Raises:
        SpecError: Missing, damaged, carries code, lacks the spec, or the weights do not fit.
    """
    if not path.is_file():
        raise SpecError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise SpecError(f"{path}: not a plain checkpoint of weights ({reason})") from error
    if not isinstance(content, dict) or METADATA_KEY not in content or "state" not in content:
        raise SpecError(
            f"{path}: carries no spec: write it with frsdk-train or frsdk-export import"
        )
    spec = spec_from_json(content[METADATA_KEY], source=str(path))
    network = build_network(spec.architecture.name, spec.architecture.arguments)
    try:
        network.load_state_dict(content["state"])
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise SpecError(f"{path}: weights of another architecture ({reason})") from error
    return network.eval(), spec
