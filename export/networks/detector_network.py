"""The face detector: a small single-shot network with three strides.

The choices and their measured latency are in docs/notes/detector.md.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn

from .convolution_units import conv_unit, initialise

STRIDES = (8, 16, 32)
OUTPUTS = 15  # a cell's score logit, box (4) and five points (10)
_MOST_REPEATS = 100
_RARE = 0.01  # the share of cells that a fresh network takes for faces


class FaceDetector(nn.Module):
    """Depthwise-separable backbone, a top-down neck and one small head a stride.

    The widths are multiples of 16 and the only operations are convolution, ReLU, addition and
    nearest-neighbour enlargement, all of which ONNX Runtime runs in its blocked layout.

    Args:
        widths: Channels at strides 2, 4, 8, 16 and 32.
        repeats: Residual blocks behind the strided block at strides 4, 8, 16 and 32.
        neck: Channels of neck and heads.
        kernel: Side of the depthwise kernels at strides 16 and 32.
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64, 96, 128),
        repeats: Sequence[int] = (1, 2, 2, 2),
        neck: int = 64,
        kernel: int = 5,
    ) -> None:
        super().__init__()
        if len(widths) != 5 or len(repeats) != 4:
            raise ValueError(f"expected 5 widths and 4 repeats, got {widths} and {repeats}")
        if max(repeats) > _MOST_REPEATS:
            raise ValueError(f"expected at most {_MOST_REPEATS} repeats, got {max(repeats)}")
        self.stem = conv_unit(3, widths[0], 3, stride=2)
        self.stages = nn.ModuleList()
        for stage, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
            side = kernel if stage >= 2 else 3
            blocks: list[nn.Module] = [_Separable(inputs, outputs, 3, stride=2)]
            blocks += [_Separable(outputs, outputs, side) for _ in range(repeats[stage])]
            self.stages.append(nn.Sequential(*blocks))
        self.lateral = nn.ModuleList(conv_unit(w, neck, 1, active=False) for w in widths[2:])
        self.heads = nn.ModuleList(_Head(neck) for _ in STRIDES)
        initialise(self)
        for head in self.heads:
            head.start_rare()  # type: ignore[operator]  # a ModuleList forgets its items' class

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Score, box and points of every cell, undecoded.

        Args:
            images: (n, 3, h, w), h and w multiples of 32.

        Returns:
            (n, 15, cells), the cells of strides 8, 16 and 32 one after the other, each row by row:
            the score's logit; the box's centre from the cell's centre, and the logarithm of its
            width and height, all in strides; five points (x, y) from the cell's centre in strides.
        """
        features = []
        maps = self.stages[0](self.stem(images))
        for stage in self.stages[1:]:
            maps = stage(maps)
            features.append(maps)
        above: torch.Tensor | None = None
        merged: list[torch.Tensor] = []
        for lateral, feature in zip(reversed(self.lateral), reversed(features), strict=True):
            maps = lateral(feature)
            if above is not None:
                maps = maps + nn.functional.interpolate(above, scale_factor=2.0, mode="nearest")
            above = nn.functional.relu(maps)
            merged.append(above)
        found = [head(m) for head, m in zip(self.heads, reversed(merged), strict=True)]
        # (n, 15, h, w) -> (n, 15, h * w). Numbers, not traced sizes: the exported graph would
        # compute those at each run.
        flat = [m.reshape(-1, OUTPUTS, int(m.shape[2]) * int(m.shape[3])) for m in found]
        return torch.cat(flat, dim=2)


class _Separable(nn.Module):
    """Depthwise then pointwise convolution, with a residual where the shape allows one."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = conv_unit(inputs, inputs, kernel, stride=stride, groups=inputs)
        self.pointwise = conv_unit(inputs, outputs, 1, active=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.pointwise(self.depthwise(maps))
        return nn.functional.relu(out + maps if self.residual else out)


class _Head(nn.Module):
    """One separable convolution, then every output of a cell in one 1x1 convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.features = _Separable(width, width, 3)
        self.outputs = nn.Conv2d(width, OUTPUTS, 1)

    def start_rare(self) -> None:
        """Small weights, and a score that says "no face" nearly everywhere."""
        nn.init.normal_(self.outputs.weight, std=0.01)
        bias = torch.zeros(OUTPUTS)
        bias[0] = math.log(_RARE / (1.0 - _RARE))
        self.outputs.bias = nn.Parameter(bias)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.outputs(self.features(maps))
        return out
