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
        n, c, h, w = x.shape
        if not (self.training and x.device.type == "cpu" and h * w <= _LARGEST_MAP):
            return super().forward(x)
        kernel, stride = self.kernel_size[0], self.stride[0]
        taps, size = _taps(h, w, kernel, stride)
        # (c, k²) kernels -> (c, out, in) matrices
        matrices = (self.weight.reshape(c, -1) @ taps.to(x.dtype)).reshape(c, -1, h * w)
        flat = x.permute(1, 2, 3, 0).reshape(c, h * w, n)
        out: torch.Tensor = _Products.apply(matrices, flat).reshape(c, *size, n)  # type: ignore[no-untyped-call]  # torch
        out = out.permute(3, 0, 1, 2)
        return out.contiguous(memory_format=torch.channels_last)


class _Products(torch.autograd.Function):
    """Batched matrix products of contiguous arrays: of others PyTorch copies each matrix alone."""

    @staticmethod
    def forward(ctx: Any, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        right = right.contiguous()
        ctx.save_for_backward(left, right)
        return torch.bmm(left, right)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        left, right = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        return torch.bmm(gradient, right.mT), torch.bmm(left.mT, gradient)


@functools.cache
def _taps(h: int, w: int, kernel: int, stride: int) -> tuple[torch.Tensor, tuple[int, int]]:
    """(k², out * in) of 0 and 1: which tap of the kernel leads from a pixel to a pixel out."""
    pixels = torch.eye(h * w).reshape(h * w, 1, h, w)
    windows = functional.unfold(pixels, kernel, padding=kernel // 2, stride=stride)  # (in, k², out)
    size = ((h - 1) // stride + 1, (w - 1) // stride + 1)
    return windows.permute(1, 2, 0).reshape(kernel * kernel, -1).contiguous(), size
