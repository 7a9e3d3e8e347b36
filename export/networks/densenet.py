"""DenseNet-121 (Huang et al., CVPR 2017), one of the paper's peers."""

from __future__ import annotations

import torch
from torch import nn

from .convolution_units import conv_unit, initialise

_LAYERS = (6, 12, 24, 16)  # of the four dense blocks (table 1 of DenseNet)
_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH


def preactivated(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Batch normalisation, ReLU, convolution."""
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
    )


class DenseLayer(nn.Module):
    """Appends ``growth`` channels, made by a 1x1 bottleneck and a 3x3 convolution."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            preactivated(inputs, _BOTTLENECK, 1), preactivated(_BOTTLENECK, _GROWTH, 3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> (n, c + 32, h, w)."""
        return torch.cat([x, self.body(x)], dim=1)


class DenseNet121(nn.Module):
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
        for block, layers in enumerate(_LAYERS):
            for _ in range(layers):
                modules.append(DenseLayer(channels))
                channels += _GROWTH
            if block < len(_LAYERS) - 1:
                modules += [preactivated(channels, channels // 2, 1), nn.AvgPool2d(2)]
                channels //= 2
        modules += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        self.features = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regress = nn.Linear(channels, outputs)
        initialise(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) normalised crops -> (n, outputs)."""
        pooled = self.pool(self.features(x)).flatten(1)  # (n, 1024)
        parameters: torch.Tensor = self.regress(pooled)
        return parameters
