"""A depthwise convolution that trains quickly on the CPU where maps are small.

The gradients of depthwise kernels on maps of a few pixels take PyTorch's CPU convolutions most of a
training step. On such a map each channel's convolution is one small matrix, built from its kernel.
"""

from __future__ import annotations

import functools
from typing import Any  # a context of autograd has no type

import torch
from torch import nn
from torch.nn import functional

_LARGEST_MAP = 64  # pixels of the map that comes in


class DepthwiseConv2d(nn.Conv2d):
    """One filter a channel, padded by half a kernel: ``nn.Conv2d`` with ``groups == channels``.

    Args:
        channels: Of input and output.
        kernel: Side of the filters, odd.
        stride: Of both axes.
    """

    def __init__(self, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> (n, c, h / stride, w / stride), rounded up."""
        c, h, w = x.shape[1:]
        if not (self.training and x.device.type == "cpu" and h * w <= _LARGEST_MAP):
            return super().forward(x)
        taps, size = _taps(h, w, self.kernel_size[0], self.stride[0])
        # (c, k²) kernels -> (c, in, out) matrices
        matrices = (self.weight.reshape(c, -1) @ taps.to(x.dtype)).reshape(c, h * w, -1)
        out: torch.Tensor = _ChannelProducts.apply(x, matrices, size)  # type: ignore[no-untyped-call]  # torch
        return out


class _ChannelProducts(torch.autograd.Function):
    """Each channel's map times a matrix of its own, and the gradients.

    Maps come and go with channels last, as the layers around make them; in between each channel's
    lie together, which is one transposition of a whole array.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, matrices: torch.Tensor, size: tuple[int, int]
    ) -> torch.Tensor:
        maps = _channels_first(x)
        ctx.save_for_backward(maps, matrices)
        ctx.size = x.shape[2:]
        return _channels_last(torch.bmm(maps, matrices), size)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        maps, matrices = ctx.saved_tensors
        gradient = _channels_first(gradients[0])
        of_x = _channels_last(torch.bmm(gradient, matrices.mT), ctx.size)
        return of_x, torch.bmm(maps.mT, gradient), None


def _channels_first(x: torch.Tensor) -> torch.Tensor:
    """(n, c, h, w) -> (c, n, h * w), contiguous."""
    n, c, h, w = x.shape
    return x.permute(0, 2, 3, 1).reshape(n * h * w, c).t().contiguous().view(c, n, h * w)


def _channels_last(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(c, n, h * w) -> (n, c, h, w), channels last in memory."""
    c, n, _ = maps.shape
    rows = maps.view(c, -1).t().contiguous()
    return rows.view(n, *size, c).permute(0, 3, 1, 2)


@functools.cache
def _taps(h: int, w: int, kernel: int, stride: int) -> tuple[torch.Tensor, tuple[int, int]]:
    """(k², in * out) of 0 and 1: which tap of the kernel leads from a pixel to a pixel out."""
    pixels = torch.eye(h * w).reshape(h * w, 1, h, w)
    windows = functional.unfold(pixels, kernel, padding=kernel // 2, stride=stride)  # (in, k², out)
    size = ((h - 1) // stride + 1, (w - 1) // stride + 1)
    return windows.permute(1, 0, 2).reshape(kernel * kernel, -1).contiguous(), size
