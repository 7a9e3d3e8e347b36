"""The file that a training run resumes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # a state holds tensors, numbers and containers of them

import torch

from frsdk.errors import InputError
from frsdk.storage.atomic_write import atomic_write
from frsdk.storage.torch_file import TorchFileError, read_torch_file, torch_bytes


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state, whole or not at all.

    Raises:
        OutputError: It cannot be written (a full disk, say); the previous one is intact.
    """
    atomic_write(path, torch_bytes(state))


def check_identity(state: dict[str, Any], run: dict[str, Any], path: Path) -> None:
    """Refuse to resume from a state of other data or another face model.

    Args:
        state: As read; older ones lack some of these.
        run: ``face_model`` and ``labels_sha256``, digests or empty, and the labels'
            ``whitening_mean`` and ``whitening_std``.
        path: The state's file, for messages.

    Raises:
        InputError: One of them differs.
    """
    model, ours = state.get("face_model", ""), run["face_model"]
    if model and ours and model != ours:
        raise InputError(
            f"{path}: of another face model ({str(model)[:12]}, not {ours[:12]}): use its "
            "--face-model or an empty --output"
        )
    labels, ours = state.get("labels_sha256", ""), run["labels_sha256"]
    if labels and ours and labels != ours:
        raise InputError(
            f"{path}: of other training data (its label files differ): give the same folders of "
            "crops or an empty --output"
        )
    for name in ("mean", "std"):
        saved, wanted = state.get(f"whitening_{name}"), run[f"whitening_{name}"]
        if saved is None:
            continue
        alike = isinstance(saved, torch.Tensor) and saved.shape == wanted.shape
        if not alike or not torch.allclose(saved.to(wanted.dtype), wanted, rtol=1e-6):
            raise InputError(
                f"{path}: of other training data (its labels' {name} differs): give the same "
                "folder of crops or an empty --output"
            )


def read_state(path: Path) -> dict[str, Any]:
    """Read a state; nothing in it is executed.

    Raises:
        InputError: Damaged, or not a state of a run.
    """
    try:
        state = read_torch_file(path)
    except TorchFileError as error:
        raise InputError(
            f"{path}: not a readable training state ({error}): delete it to begin anew"
        ) from error
    wanted = {"config", "network", "average", "optimiser", "step", "log"}
    if not isinstance(state, dict) or not wanted <= set(state):
        raise InputError(f"{path}: not a training state: use the state.pth of a run's folder")
    return state
