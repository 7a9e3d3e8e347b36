"""Convolution units shared by the networks."""

from __future__ import annotations

from torch import nn

from .attention import ChannelAttention
from .depthwise_convolution import DepthwiseConv2d


def conv_unit(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Convolution, batch normalisation and, when ``active``, ReLU."""
    if groups == inputs == outputs and kernel > 1:
        convolution: nn.Conv2d = DepthwiseConv2d(inputs, kernel, stride)
    else:
        convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
    layers: list[nn.Module] = [convolution, nn.BatchNorm2d(outputs)]
    if active:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def inverted_branch(inputs: int, hidden: int, outputs: int, kernel: int, stride: int) -> nn.Module:
    """Expand (1x1), filter (depthwise), project (1x1, linear): MobileNetV2's bottleneck."""
    return nn.Sequential(
        conv_unit(inputs, hidden, 1),
        conv_unit(hidden, hidden, kernel, stride=stride, groups=hidden),
        conv_unit(hidden, outputs, 1, active=False),
    )


def initialise(network: nn.Module) -> None:
    """He initialisation for convolutions, small normal weights for the last layer.

    Channel attention begins with the same gate for every channel.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    for module in network.modules():
        if isinstance(module, ChannelAttention):
            module.open_evenly()
