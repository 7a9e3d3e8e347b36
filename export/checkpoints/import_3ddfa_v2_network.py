"""Import 3DDFA_V2's network weights as a checkpoint of ours, in its BFM space."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from frsdk._version import __version__
from frsdk.errors import SpecError
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.model_spec import ArchitectureSpec, ModelSpec
from frsdk.storage.npz_arrays import read_npz
from frsdk.storage.torch_file import TorchFileError, read_torch_file

from ..datasets.whitening_file import read_whitening
from ..networks import build_network

_T_X, _T_Y = 3, 7  # 3DDFA counts crop pixels from 1


def import_3ddfa_network(
    weights: Path, basis: Path, face_model: MorphableModel
) -> tuple[nn.Module, ModelSpec]:
    """A MobileNetV1 of 3DDFA_V2 as a network of ours.

    Args:
        weights: ``.npz`` of plain arrays with upstream's names (``module.`` prefix), or a ``.pth``
            with ``state_dict``.
        basis: As :func:`read_whitening` takes it.
        face_model: The BFM-space model that its coefficients belong to.

    Raises:
        SpecError: Missing or damaged, or not the arrays of a 62-output MobileNetV1.
        InputError: The whitening cannot be read.
    """
    tensors = _read(weights)
    try:
        width = tensors["module.conv1.weight"].shape[0] / 32.0
        mean, std = _whitening(basis)
    except KeyError as error:
        raise SpecError(f"{weights}: not a 3DDFA_V2 MobileNetV1: lacks {error}") from error
    network = build_network("mobilenet_v1", {"width": width})
    try:
        network.load_state_dict(_renamed(tensors))
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SpecError(f"{weights}: not a 62-output MobileNetV1 ({reason})") from error
    spec = ModelSpec(
        architecture=ArchitectureSpec("mobilenet_v1", {"width": width}),
        face_model=reference_to(face_model),
        param_mean=tuple(mean),
        param_std=tuple(std),
        training={"source": "3DDFA_V2, trained on 300W-LP by its authors"},
        licence="code MIT (3DDFA_V2); BFM 2009 space: non-commercial",
        producer=f"frsdk {__version__}",
    )
    return network.eval(), spec


def _read(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".npz":
        try:
            return {name: torch.from_numpy(value) for name, value in read_npz(path).items()}
        except (ValueError, TypeError) as error:  # read_npz's, or of texts
            raise SpecError(f"{path}: not an archive of arrays ({error})") from error
    try:
        content = read_torch_file(path)
    except TorchFileError as error:
        raise SpecError(f"{path}: not a checkpoint of weights alone ({error})") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise SpecError(f"{path}: not a 3DDFA_V2 MobileNetV1: holds no weights by name")
    return state


def _whitening(path: Path) -> tuple[list[float], list[float]]:
    mean, std = read_whitening(path)
    mean[[_T_X, _T_Y]] -= 1.0
    return mean.tolist(), std.tolist()


def _renamed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Upstream's names -> ours: stem ``conv1``/``bn1``, units ``dwN_M``, head ``fc_param``."""
    blocks = sorted(
        {name.split(".")[1] for name in tensors if name.startswith("module.dw")},
        key=lambda block: tuple(int(part) for part in block[2:].split("_")),
    )
    pairs = [("conv1", "bn1", "features.0")]
    for index, block in enumerate(blocks):
        pairs.append((f"{block}.conv_dw", f"{block}.bn_dw", f"features.{2 * index + 1}"))
        pairs.append((f"{block}.conv_sep", f"{block}.bn_sep", f"features.{2 * index + 2}"))
    renamed: dict[str, torch.Tensor] = {}
    for convolution, norm, ours in pairs:
        renamed[f"{ours}.0.weight"] = tensors[f"module.{convolution}.weight"]
        for name in ("weight", "bias", "running_mean", "running_var"):
            renamed[f"{ours}.1.{name}"] = tensors[f"module.{norm}.{name}"]
        renamed[f"{ours}.1.num_batches_tracked"] = torch.tensor(0)
    for name in ("weight", "bias"):
        renamed[f"regress.{name}"] = tensors[f"module.fc_param.{name}"]
    return renamed
