"""Count parameters and operations of a PyTorch network, also in the paper's own sense."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ..networks.attention import ChannelAttention, SpatialGroupAttention


@dataclass(frozen=True, slots=True)
class Counts:
    """What one forward pass of one crop costs.

    Attributes:
        parameters: Numbers learned.
        multiply_adds: Of convolutions and fully connected layers.
        paper_operations: The paper's "FLOPs": multiply-adds, 4 per batch-normalised element and 1
            per ReLU element. It gives ResNeXt50 and DenseNet121 the 1.32 and 0.80 G of the
            paper's table.
    """

    parameters: int
    multiply_adds: int
    paper_operations: int

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.parameters + other.parameters,
            self.multiply_adds + other.multiply_adds,
            self.paper_operations + other.paper_operations,
        )


def count_network(network: nn.Module, size: int = 120) -> Counts:
    """Run one zero crop of (3, size, size) through a network and count.

    Args:
        network: Any network of convolutions, linear layers, batch norms and ReLUs.
        size: Side of the crop in pixels.
    """
    return sum(count_groups(network, size).values(), start=Counts(0, 0, 0))


def count_groups(network: nn.Module, size: int = 120) -> dict[str, Counts]:
    """The same per group of layers: by the side of the map put out, attention apart.

    Args:
        network: Any network of convolutions, linear layers, batch norms and ReLUs.
        size: Side of the crop in pixels.

    Returns:
        Counts by name, such as ``"60 x 60"``, ``"attention"`` and ``"fully connected"``, in the
        order in which the crop meets them.
    """
    groups: dict[str, Counts] = {}
    attention = {
        id(part)
        for module in network.modules()
        if isinstance(module, ChannelAttention | SpatialGroupAttention)
        for part in module.modules()
    }

    def on_forward(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        multiply_adds = elementwise = 0
        if isinstance(module, nn.Conv2d):
            multiply_adds = output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            multiply_adds = module.weight.numel()
        elif isinstance(module, nn.BatchNorm2d):
            elementwise = 4 * output.numel()
        elif isinstance(module, nn.ReLU):
            elementwise = output.numel()
        own = sum(p.numel() for p in module.parameters(recurse=False))
        if not (multiply_adds or elementwise or own):
            return
        if id(module) in attention:
            name = "attention"
        elif output.ndim == 4:
            name = f"{output.shape[2]} x {output.shape[3]}"
        else:
            name = "fully connected"
        counts = Counts(own, multiply_adds, multiply_adds + elementwise)
        groups[name] = groups.get(name, Counts(0, 0, 0)) + counts

    hooks = [module.register_forward_hook(on_forward) for module in network.modules()]
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, size, size))
    finally:
        for hook in hooks:
            hook.remove()
    return groups
