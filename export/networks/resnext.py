"""ResNeXt-50 32x4d (Xie et al., CVPR 2017), one of the paper's peers."""

from __future__ import annotations

import torch
from torch import nn

from .convolution_units import conv_unit, initialise

# Blocks and output channels of the four stages (table 1 of ResNeXt).
_STAGES = ((3, 256), (4, 512), (6, 1024), (3, 2048))
_GROUPS = 32


class GroupedBottleneck(nn.Module):
    """1x1 - grouped 3x3 - 1x1 with a residual sum; half the output's channels inside.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        stride: Of the 3x3 convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        width = outputs // 2
        self.body = nn.Sequential(
            conv_unit(inputs, width, 1),
            conv_unit(width, width, 3, stride=stride, groups=_GROUPS),
            conv_unit(width, outputs, 1, active=False),
        )
        same = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity() if same else conv_unit(inputs, outputs, 1, stride=stride, active=False)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNeXt50(nn.Module):
    """(n, 3, h, w) crops -> (n, outputs) whitened parameters.

    Args:
        outputs: Length of the parameter vector.
    """

    def __init__(self, *, outputs: int = 62) -> None:
        super().__init__()
        channels = 64
        modules: list[nn.Module] = [
            conv_unit(3, channels, 7, stride=2),
            nn.MaxPool2d(3, stride=2, padding=1),
        ]
        for stage, (blocks, width) in enumerate(_STAGES):
            for block in range(blocks):
                stride = 2 if block == 0 and stage > 0 else 1
                modules.append(GroupedBottleneck(channels, width, stride))
                channels = width
        self.features = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regress = nn.Linear(channels, outputs)
        initialise(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) normalised crops -> (n, outputs)."""
        pooled = self.pool(self.features(x)).flatten(1)  # (n, 2048)
        parameters: torch.Tensor = self.regress(pooled)
        return parameters
