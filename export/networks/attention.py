"""Channel attention (SE) after a layer, spatial group-wise attention (SGE) inside a block."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class ChannelAttention(nn.Module):
    """Squeeze-and-excitation (Hu et al., CVPR 2018): a gate per channel from the pooled map.

    Args:
        channels: Channels of the map.
        width: Hidden width as a share of the channels. 3/4 is our choice: the paper states none,
            and its 2.40 M -> 2.60 M parameters ask for a reduction of about 1.4.
    """

    def __init__(self, channels: int, width: float = 0.75) -> None:
        super().__init__()
        hidden = round(channels * width)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def open_evenly(self) -> None:
        """Begin with a gate of 1/2 for every channel: random gates cost a short training 16 %."""
        for parameter in self.excite.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> the same, scaled per channel."""
        pooled = functional.adaptive_avg_pool2d(x, 1)  # (n, c, 1, 1)
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(pooled))))
        return x * gate


class SpatialGroupAttention(nn.Module):
    """Spatial group-wise enhance (Li, Hu and Yang, 2019, eq. 1-6).

    In each group of channels every position's similarity to the group's mean is normalised over
    the map and gates that position. Sums over a group are 1x1 convolutions with 0/1 kernels: in
    ONNX Runtime they stay in the blocked layout (4-D reshapes cost more, see
    ``docs/notes/network.md``).

    Args:
        channels: Channels of the map, a multiple of ``groups``.
        groups: Groups. 8 is our choice; it divides every width of the network.
    """

    member: torch.Tensor

    def __init__(self, channels: int, groups: int = 8) -> None:
        super().__init__()
        if channels % groups:
            raise ValueError(f"{channels} channels do not split into {groups} groups")
        self.scale = nn.Parameter(torch.zeros(groups))
        self.shift = nn.Parameter(torch.ones(groups))
        member = torch.eye(groups).repeat_interleave(channels // groups, dim=1)  # (g, c)
        self.register_buffer("member", member[:, :, None, None], persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> the same, scaled per position and group."""
        mean = functional.adaptive_avg_pool2d(x, 1)  # (n, c, 1, 1)
        similarity = functional.conv2d(x * mean, self.member)  # (n, g, h, w)
        normalised = functional.instance_norm(similarity, weight=self.scale, bias=self.shift)
        spread = self.member.transpose(0, 1)  # (c, g, 1, 1)
        return x * functional.conv2d(torch.sigmoid(normalised), spread)
