"""Depthwise convolutions on small maps: the same numbers and gradients as PyTorch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from frsdk.export.networks.depthwise_convolution import DepthwiseConv2d


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "height", "width"),
    [(8, 5, 1, 2, 2), (6, 3, 1, 4, 4), (8, 5, 2, 8, 8), (4, 3, 2, 5, 7), (3, 3, 1, 1, 1)],
)
def test_small_maps_train_like_pytorchs_convolution(
    channels: int, kernel: int, stride: int, height: int, width: int
) -> None:
    """Output, gradient of the input and of the kernel, in float64."""
    torch.manual_seed(0)
    ours = DepthwiseConv2d(channels, kernel, stride).double().train()
    theirs = nn.Conv2d(
        channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False
    ).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, channels, height, width, dtype=torch.double, requires_grad=True)
    wanted, got = theirs(x), ours(x)
    assert torch.allclose(got, wanted, atol=1e-12)
    gradient = torch.randn_like(wanted)
    expected = torch.autograd.grad(wanted, (x, theirs.weight), gradient)
    found = torch.autograd.grad(got, (x, ours.weight), gradient)
    for left, right in zip(found, expected, strict=True):
        assert torch.allclose(left, right, atol=1e-12)
