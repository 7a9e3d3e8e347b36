"""The running average of a network's weights, which is what a training run gives."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, *, step: int, decay: float) -> None:
    """Move the average toward the network: less than ``decay`` says while it is young.

    Args:
        average: A network of the same architecture, changed in place.
        network: The one that learns.
        step: Updates so far.
        decay: Of the exponential average.
    """
    decay = min(decay, (1 + step) / (10 + step))
    live = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(live[name], 1.0 - decay)
        else:
            value.copy_(live[name])
