"""Networks of the registry with seeded random weights: their size, operations and time.

Neither depends on the weights. This is the one file here that imports `frsdk.export`, which needs
PyTorch: exporting and counting a network is that room's job.
"""

from __future__ import annotations

import functools
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from frsdk import ModelSpec, MorphableModel
from frsdk.errors import MissingDependencyError
from frsdk.installation.optional_packages import pip_line
from frsdk.morphable.face_model_match import reference_to
from frsdk.specs.model_spec import ArchitectureSpec


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """Cost of a group of layers, or of all.

    Attributes:
        name: The group.
        parameters: Numbers learned.
        multiply_adds: Of convolutions and fully connected layers.
        paper_operations: What the paper calls FLOPs (`frsdk.export.checkpoints.count_operations`).
    """

    name: str
    parameters: int
    multiply_adds: int
    paper_operations: int

    @property
    def flops(self) -> int:
        """Floating-point operations: a multiply-add is two."""
        return 2 * self.multiply_adds


def count_layers(name: str, arguments: dict[str, object] | None = None) -> list[LayerCounts]:
    """Counts per group of a network of the registry, the sum last.

    Raises:
        MissingDependencyError: PyTorch is not installed.
    """
    needs_torch()
    return list(_counted(name, json.dumps(arguments or {}, sort_keys=True)))


@functools.lru_cache(maxsize=32)  # building the larger networks takes seconds
def _counted(name: str, arguments: str) -> tuple[LayerCounts, ...]:
    from frsdk.export.checkpoints.count_operations import count_groups
    from frsdk.export.networks import build_network

    groups = count_groups(build_network(name, json.loads(arguments)))
    rows = [
        LayerCounts(group, each.parameters, each.multiply_adds, each.paper_operations)
        for group, each in groups.items()
    ]
    total = LayerCounts(
        "all",
        sum(row.parameters for row in rows),
        sum(row.multiply_adds for row in rows),
        sum(row.paper_operations for row in rows),
    )
    return (*rows, total)


@dataclass(frozen=True, slots=True, eq=False)
class UntrainedNetwork:
    """An exported network with random weights.

    Attributes:
        path: The ONNX file.
        nodes: Of its graph.
    """

    path: Path
    nodes: int


def untrained_network(
    name: str,
    folder: Path,
    model: MorphableModel,
    *,
    arguments: dict[str, object] | None = None,
) -> UntrainedNetwork:
    """Export a network of the registry.

    Raises:
        MissingDependencyError: PyTorch or onnx is not installed.
    """
    needs_torch()
    import torch

    from frsdk.export.checkpoints.onnx_export import export_onnx
    from frsdk.export.networks import build_network

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.manual_seed(0)
    spec = ModelSpec(
        architecture=ArchitectureSpec(name, arguments or {}),
        face_model=reference_to(model),
        param_mean=(0.0,) * 62,
        param_std=(1.0,) * 62,
        licence="untrained",
    )
    path = folder / f"{name}-{len(list(folder.iterdir()))}.onnx"
    report = export_onnx(build_network(name, arguments), spec, path)
    return UntrainedNetwork(path, report.nodes)


def needs_torch() -> None:
    """Look for what exporting a network needs.

    Raises:
        MissingDependencyError: PyTorch or onnx is not installed.
    """
    from importlib.util import find_spec

    for package in ("torch", "onnx"):
        if find_spec(package) is None:
            raise MissingDependencyError(
                f"{package} is not installed: {pip_line('export')}, or leave --peers out"
            )
