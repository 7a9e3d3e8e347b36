"""DAMDNet (Jiang, Wu and Kittler, ICCV workshops 2019), one of the paper's peers."""

from __future__ import annotations

import torch
from torch import nn

from .attention import ChannelAttention, SpatialGroupAttention
from .convolution_units import conv_unit, initialise, inverted_branch
from .mobile_frnet import LAYERS

_SQUEEZE = 1 / 16  # hidden width of its channel attention, as a share of the channels


class DenseMobileBlock(nn.Module):
    """Inverted bottleneck that is concatenated to its input, then brought to its width by 1x1.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        expansion: Hidden channels per input channel.
        stride: Of the depthwise convolution.
        first: Whether the input passes a 1x1 convolution of that stride before the concatenation,
            as in the first block of each layer.
    """

    def __init__(
        self, inputs: int, outputs: int, *, expansion: int, stride: int, first: bool
    ) -> None:
        super().__init__()
        self.body = inverted_branch(inputs, inputs * expansion, outputs, 3, stride)
        self.attention = SpatialGroupAttention(outputs, outputs // 2)
        self.shortcut = (
            conv_unit(inputs, inputs, 1, stride=stride, active=False) if first else nn.Identity()
        )
        self.active = nn.ReLU(inplace=True)
        self.transition = conv_unit(inputs + outputs, outputs, 1, active=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        joined = torch.cat([self.attention(self.body(x)), self.shortcut(x)], dim=1)
        transformed: torch.Tensor = self.transition(self.active(joined))
        return transformed


class DAMDNet(nn.Module):
    """(n, 3, 120, 120) crops -> (n, outputs) whitened parameters.

    Our re-statement: MobileNetV2's table of layers with dense connections in place of residual
    sums, spatial group-wise attention (two channels a group) in each block and channel attention
    after each layer. The sizes that the paper leaves open are those of the authors' published
    network.

    Args:
        outputs: Length of the parameter vector.
    """

    def __init__(self, *, outputs: int = 62) -> None:
        super().__init__()
        channels = 32
        modules: list[nn.Module] = [conv_unit(3, channels, 3, stride=2)]
        for layer in LAYERS:
            for repeat in range(layer.repeats):
                modules.append(
                    DenseMobileBlock(
                        channels,
                        layer.channels,
                        expansion=layer.expansion,
                        stride=layer.stride if repeat == 0 else 1,
                        first=repeat == 0,
                    )
                )
                channels = layer.channels
            modules.append(ChannelAttention(channels, _SQUEEZE))
        modules.append(nn.Conv2d(channels, 1280, 1, bias=False))
        self.features = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regress = nn.Linear(1280, outputs)
        initialise(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) normalised crops -> (n, outputs)."""
        pooled = self.pool(self.features(x)).flatten(1)  # (n, 1280)
        parameters: torch.Tensor = self.regress(pooled)
        return parameters
