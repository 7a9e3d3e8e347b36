"""Pad channels with zeros to the block of ONNX Runtime's fast CPU layout.

Its FP32 convolutions work on blocks of 16 channels (AVX-512) or 8 (AVX2). A map whose channels do
not fill its blocks leaves that layout wherever something other than a convolution takes it, which
costs two copies each time; the missing channels are computed anyway.
"""

from __future__ import annotations

from typing import Any  # arrays of the model's own type

import numpy as np
import onnx
from numpy.typing import NDArray

from ..graphs.onnx_graph import OnnxGraph, attribute, is_depthwise

_CHANNELWISE = frozenset(
    {"Relu", "Sigmoid", "Clip", "Add", "Mul", "GlobalAveragePool", "AveragePool", "MaxPool"}
)
_MOST_ADDED = 0.5  # share by which a map of more than one block and one pixel may grow


def widen_channels(content: bytes, block: int) -> bytes:
    """Pad the channels between convolutions to multiples of a block; the outputs stay the same.

    Maps that meet anything but convolutions and channel-wise nodes keep their channels, and so do
    large maps of more than one block that would grow by more than half.

    Args:
        content: A serialised ONNX model without Constant nodes.
        block: Channels of a block, see :func:`frsdk.backends.cpu_features.fp32_block`.

    Returns:
        The same model with zero weights for the added channels.
    """
    graph = OnnxGraph(content)
    groups = _Groups()
    for node in graph.nodes:
        _join(graph, node, groups)
    for tensor in (*graph.inputs, *graph.outputs):
        groups.freeze(tensor)
    moving = {name for node in graph.nodes for name in (*node.input, *node.output) if name}
    moving -= graph.constants.keys()
    least: dict[str, int] = {}  # by group: what its largest map bears
    for tensor in moving:
        missing = 0 if groups.frozen(tensor) else _missing(graph, tensor, block)
        root = groups.root(tensor)
        least[root] = min(least.get(root, missing), missing)
    added = {tensor: least[groups.root(tensor)] for tensor in moving}
    for node in graph.nodes:
        if node.op_type == "Conv":
            _pad_convolution(graph, node, added)
        elif node.op_type == "InstanceNormalization":
            _pad_normalisation(graph, node, added)
    return graph.finish()


class _Groups:
    """Tensors whose channels are one thing (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._frozen: set[str] = set()

    def root(self, name: str) -> str:
        while self._parent.get(name, name) != name:
            name = self._parent[name]
        return name

    def join(self, first: str, second: str) -> None:
        one, other = self.root(first), self.root(second)
        self._parent[one] = other
        if one in self._frozen:
            self._frozen.add(other)

    def freeze(self, name: str) -> None:
        self._frozen.add(self.root(name))

    def frozen(self, name: str) -> bool:
        return self.root(name) in self._frozen


def _join(graph: OnnxGraph, node: onnx.NodeProto, groups: _Groups) -> None:
    """Say which tensors of a node share their channels, and which cannot be padded."""
    moving = [name for name in (*node.input, *node.output) if name and name not in graph.constants]
    if node.op_type == "Conv" and len(moving) == 2 and node.input[1] in graph.constants:
        if is_depthwise(node, graph.constants[node.input[1]]):
            groups.join(*moving)
        elif attribute(node, "group", 1) != 1:
            groups.freeze(moving[0])
            groups.freeze(moving[1])
    elif node.op_type == "InstanceNormalization" and len(moving) == 2:
        groups.join(*moving)
    elif node.op_type in _CHANNELWISE and len({graph.channels(name) for name in moving}) == 1:
        for name in moving[1:]:
            groups.join(moving[0], name)
        if any(graph.constants[name].size > 1 for name in node.input if name in graph.constants):
            groups.freeze(moving[0])
    else:
        for name in moving:
            groups.freeze(name)


def _missing(graph: OnnxGraph, tensor: str, block: int) -> int:
    channels = graph.channels(tensor)
    if channels is None:
        return 0
    missing = -channels % block
    little = missing <= _MOST_ADDED * channels or channels < block or graph.pixels(tensor) == 1
    return missing if little else 0


def _pad_convolution(graph: OnnxGraph, node: onnx.NodeProto, added: dict[str, int]) -> None:
    weights = graph.constants.get(node.input[1])
    if weights is None:
        return
    before, after = added.get(node.input[0], 0), added.get(node.output[0], 0)
    if not before and not after:
        return
    if is_depthwise(node, weights):
        for each in node.attribute:
            if each.name == "group":
                each.i += after
        before = 0
    node.input[1] = _padded(graph, node.input[1], (after, before))
    if len(node.input) > 2:
        node.input[2] = _padded(graph, node.input[2], (after,))


def _pad_normalisation(graph: OnnxGraph, node: onnx.NodeProto, added: dict[str, int]) -> None:
    after = added.get(node.output[0], 0)
    if after:
        node.input[1:] = [_padded(graph, name, (after,)) for name in node.input[1:]]


def _padded(graph: OnnxGraph, name: str, added: tuple[int, ...]) -> str:
    """Name of a constant with zeros added at the end of its first axes."""
    value: NDArray[Any] = graph.constants[name]
    widths = [(0, extra) for extra in added] + [(0, 0)] * (value.ndim - len(added))
    return graph.add_constant(f"{name}/wide", np.pad(value, widths))
