"""Mobile-FRNet (Li et al., ICPR 2020) and the plain MobileNetV2 that it starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from .attention import ChannelAttention, SpatialGroupAttention
from .convolution_units import conv_unit, initialise, inverted_branch


class Layer(NamedTuple):
    """One row of the network's table: expansion t, channels c, repeats n, first stride s."""

    expansion: int
    channels: int
    repeats: int
    stride: int


#: The paper's table, which is MobileNetV2's.
LAYERS = (
    Layer(1, 16, 1, 1),
    Layer(6, 24, 2, 2),
    Layer(6, 32, 3, 2),
    Layer(6, 64, 4, 2),
    Layer(6, 96, 3, 1),
    Layer(6, 160, 3, 2),
    Layer(6, 320, 1, 1),
)
_BRANCH_MULTIPLE = 16  # channels of one block of ONNX Runtime's AVX-512 layout


class MobileBlock(nn.Module):
    """Inverted residual block whose hidden channels are split among depthwise kernel sizes.

    Each branch has its own expansion and projection, which equals one expansion, a split, a
    concatenation and one projection, without the two copies.

    Args:
        inputs: Channels in.
        layer: Row of the table; ``stride`` is that of this block.
        kernels: Kernel size of each branch.
        spatial_groups: Groups of the SGE module on the block's output; 0 leaves it out.
        projected: Whether a block that changes channels or size sums a 1x1 projection of its input.
    """

    def __init__(
        self,
        inputs: int,
        layer: Layer,
        kernels: Sequence[int],
        *,
        spatial_groups: int = 0,
        projected: bool = False,
    ) -> None:
        super().__init__()
        hidden, outputs = inputs * layer.expansion, layer.channels
        self.residual = layer.stride == 1 and inputs == outputs
        if layer.expansion == 1:
            branches: list[nn.Module] = [
                nn.Sequential(
                    conv_unit(hidden, hidden, 3, stride=layer.stride, groups=hidden),
                    conv_unit(hidden, outputs, 1, active=False),
                )
            ]
        else:
            branches = [
                inverted_branch(inputs, width, outputs, kernel, layer.stride)
                for width, kernel in zip(branch_widths(hidden, len(kernels)), kernels, strict=True)
            ]
        self.branches = nn.ModuleList(branches)
        self.attention = (
            SpatialGroupAttention(outputs, spatial_groups) if spatial_groups else nn.Identity()
        )
        self.projection = (
            conv_unit(inputs, outputs, 1, stride=layer.stride, active=False)
            if projected and not self.residual
            else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        y: torch.Tensor = self.branches[0](x)
        for branch in list(self.branches)[1:]:
            y = y + branch(x)
        y = self.attention(y)
        if self.projection is not None:
            x = self.projection(x)
        elif not self.residual:
            return y
        return x + y


def branch_widths(hidden: int, branches: int) -> list[int]:
    """Hidden channels per branch: multiples of 16 as equal as can be, the first the widest."""
    blocks = hidden // _BRANCH_MULTIPLE
    widths = [
        (blocks // branches + (index < blocks % branches)) * _BRANCH_MULTIPLE
        for index in range(branches)
    ]
    widths[0] += hidden - sum(widths)
    return widths


class MobileFRNet(nn.Module):
    """The paper's network: (n, 3, 120, 120) crops -> (n, 62) whitened parameters.

    Args:
        kernels: Depthwise kernel sizes of a block's branches. (3, 5) is our choice; (3,) gives
            MobileNetV2.
        spatial_groups: Groups of each SGE module (our choice); 0 leaves SGE out.
        channel_width: Hidden width of the SE modules as a share of the channels; 0 leaves SE out.
        projected: Whether the first block of each layer sums a 1x1 projection of its input, as the
            2.38 M parameters of the paper's MobileNetV2 suggest.
        outputs: Length of the parameter vector.

    SGE sits in the last block of each layer from the second on: one in every block measured
    1.34-1.5 times MobileNetV2's latency, this 1.30 (``docs/notes/network.md``).
    """

    def __init__(
        self,
        *,
        kernels: Sequence[int] = (3, 5),
        spatial_groups: int = 8,
        channel_width: float = 0.75,
        projected: bool = False,
        outputs: int = 62,
    ) -> None:
        super().__init__()
        channels = 32
        modules: list[nn.Module] = [conv_unit(3, channels, 3, stride=2)]
        for depth, layer in enumerate(LAYERS):
            for repeat in range(layer.repeats):
                block = layer if repeat == 0 else layer._replace(stride=1)
                last = repeat == layer.repeats - 1
                groups = spatial_groups if last and depth > 0 else 0
                modules.append(
                    MobileBlock(
                        channels, block, kernels, spatial_groups=groups, projected=projected
                    )
                )
                channels = layer.channels
            if channel_width:
                modules.append(ChannelAttention(channels, channel_width))
        modules.append(conv_unit(channels, 1280, 1))
        self.features = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regress = nn.Linear(1280, outputs)
        initialise(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) normalised crops -> (n, 62) whitened parameters."""
        pooled = self.pool(self.features(x)).flatten(1)  # (n, 1280)
        parameters: torch.Tensor = self.regress(pooled)
        return parameters
