"""Read and write ``.pth`` weights that carry their spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # what a file holds is checked after reading

import torch
from torch import nn

from frsdk.errors import SpecError
from frsdk.specs.detector_spec import DetectorSpec, spec_from_json
from frsdk.specs.model_spec import METADATA_KEY, ArchitectureSpec, ModelSpec
from frsdk.storage.atomic_write import atomic_write
from frsdk.storage.path_kinds import is_file
from frsdk.storage.torch_file import TorchFileError, read_torch_file, torch_bytes

from ..networks import build_network


def save_checkpoint(path: Path, network: nn.Module, spec: ModelSpec | DetectorSpec) -> None:
    """Write weights and spec: ``{"frsdk.spec": JSON, "state": tensors}``.

    Raises:
        OutputError: The file cannot be written; an older file is untouched.
    """
    content = {METADATA_KEY: spec.to_json(), "state": network.state_dict()}
    atomic_write(path, torch_bytes(content))


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
    if not is_file(path):
        raise SpecError(f"{path}: no such checkpoint")
    try:
        content = read_torch_file(path)
    except TorchFileError as error:
        raise SpecError(
            f"{path}: not a plain checkpoint of weights ({error}): write it with frsdk-train"
        ) from error
    known = isinstance(content, dict) and isinstance(content.get(METADATA_KEY), str)
    if not known or not isinstance(content.get("state"), dict):
        raise SpecError(
            f"{path}: carries no spec: write it with frsdk-train or frsdk-export import"
        )
    spec = spec_from_json(content[METADATA_KEY], source=str(path))
    try:
        _check_sizes(spec.architecture, content["state"])
        network = build_network(spec.architecture.name, spec.architecture.arguments)
        network.load_state_dict(content["state"])
    except (RuntimeError, ValueError, TypeError, AttributeError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SpecError(f"{path}: weights of another architecture ({reason})") from error
    return network.eval(), spec


def _check_sizes(architecture: ArchitectureSpec, state: dict[str, Any]) -> None:
    """Refuse weights of other sizes before memory is taken for what a damaged spec asks for.

    Raises:
        ValueError: A tensor is missing, too many, or of another size.
    """
    with torch.device("meta"):
        expected = build_network(architecture.name, architecture.arguments).state_dict()
    for name in sorted({*expected, *map(str, state)}):
        wanted, held = expected.get(name), state.get(name)
        if not isinstance(held, torch.Tensor) or wanted is None or held.shape != wanted.shape:
            shapes = [tuple(each.shape) if isinstance(each, torch.Tensor) else "none"
                      for each in (wanted, held)]  # fmt: skip
            raise ValueError(f"{name}: expected {shapes[0]}, got {shapes[1]}")
