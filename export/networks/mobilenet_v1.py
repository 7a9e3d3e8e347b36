"""MobileNetV1 (Howard et al., 2017) with a parameter head, as 3DDFA_V2 uses it."""

from __future__ import annotations

import torch
from torch import nn

from .convolution_units import conv_unit, initialise

#: (channels out, stride) of the thirteen depthwise separable units.
_UNITS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


class MobileNetV1(nn.Module):
    """(n, 3, 120, 120) crops -> (n, 62) whitened parameters.

    Args:
        width: Multiplier of every layer's channels (0.5 in 3DDFA_V2's small network).
        outputs: Length of the parameter vector.
    """

    def __init__(self, *, width: float = 1.0, outputs: int = 62) -> None:
        super().__init__()
        channels = int(32 * width)
        modules: list[nn.Module] = [conv_unit(3, channels, 3, stride=2)]
        for full, stride in _UNITS:
            wide = int(full * width)
            modules.append(conv_unit(channels, channels, 3, stride=stride, groups=channels))
            modules.append(conv_unit(channels, wide, 1))
            channels = wide
        self.features = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regress = nn.Linear(channels, outputs)
        initialise(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) normalised crops -> (n, 62) whitened parameters."""
        pooled = self.pool(self.features(x)).flatten(1)
        parameters: torch.Tensor = self.regress(pooled)
        return parameters
