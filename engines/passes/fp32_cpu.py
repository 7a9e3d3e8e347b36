"""The form of a network that ONNX Runtime computes fastest on a kind of CPU."""

from __future__ import annotations

from .blocked_layout import enlarge_gates, reorder_for_blocks
from .merge_branches import merge_branches
from .widen_channels import widen_channels

_NARROW = 8  # channels of a block with AVX2 alone


def fp32_for_cpu(content: bytes, block: int | None) -> bytes:
    """The FP32 form.

    Measured (docs/notes/precision.md): with blocks of 8, merging branches costs time.

    Args:
        content: The network without Constant nodes.
        block: Of :func:`frsdk.backends.cpu_features.fp32_block`.
    """
    if block != _NARROW:
        content, _ = merge_branches(content)
    return in_blocks(content, block)


def in_blocks(content: bytes, block: int | None) -> bytes:
    """Bring the FP32 nodes of a network, also of a quantised one, into ONNX Runtime's blocks.

    Args:
        content: The network without Constant nodes.
        block: Of :func:`frsdk.backends.cpu_features.fp32_block`; None changes nothing.
    """
    if block is None:
        return content
    return enlarge_gates(widen_channels(reorder_for_blocks(content), block), block)
