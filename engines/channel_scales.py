"""Which channels of a graph can be scaled without a change of its function.

A convolution may make each of its channels smaller by a positive factor if whatever takes them makes
them larger again. ReLU, averages over pixels, sums of equally scaled maps and products with factors
that are not scaled pass a channel's factor on; a product of a map and its own average squares it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from .onnx_graph import OnnxGraph, attribute, is_depthwise

Floats = NDArray[np.float32]
Scales = Mapping[str, Floats]

_PASS = frozenset({"Relu", "GlobalAveragePool", "Flatten"})


class Scaled(NamedTuple):
    """What a tensor's channels are divided by: their group's scales to a power."""

    group: str
    power: int


class ChannelGroups:
    """Tensors whose channels must be scaled together, by the first tensor of each group.

    Args:
        graph: An FP32 network without Constant nodes.
    """

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        self._parent: dict[str, str] = {}
        self._fixed: set[str] = set()
        self._power: dict[str, int] = {}
        for name in graph.inputs:
            self._start(name)
            self._fix(name)
        for node in graph.nodes:
            self._follow(node)
        for name in graph.outputs:
            self._fix(name)

    def of(self, tensor: str) -> Scaled | None:
        """The group and power of a tensor; None where it keeps its numbers."""
        if tensor not in self._parent:
            return None
        root = self._root(tensor)
        return None if root in self._fixed else Scaled(root, self._power[tensor])

    def members(self) -> dict[str, list[str]]:
        """By group, the tensors that are scaled once (power 1)."""
        found: dict[str, list[str]] = {}
        for tensor in self._parent:
            scaled = self.of(tensor)
            if scaled is not None and scaled.power == 1:
                found.setdefault(scaled.group, []).append(tensor)
        return found

    def _follow(self, node: onnx.NodeProto) -> None:
        moving = [name for name in node.input if name in self._parent]
        first = moving[0] if moving else ""
        if node.op_type in _PASS and self._keeps_channels(node):
            self._join(node.output[0], first, self._power[first])
        elif node.op_type == "Add" and len(moving) == 2 and self._same_shape(moving):
            self._add(node, *moving)
        elif node.op_type == "Mul" and len(moving) == 2:
            self._multiply(node, *moving)
        else:
            made_here = absorbs(self._graph, node)
            if not made_here:
                for name in moving:
                    self._fix(name)
            for name in node.output:
                self._start(name)
                if not made_here or node.op_type == "Gemm":
                    self._fix(name)

    def _keeps_channels(self, node: onnx.NodeProto) -> bool:
        return node.op_type != "Flatten" or self._graph.pixels(node.input[0]) == 1

    def _same_shape(self, names: list[str]) -> bool:
        shapes = [self._graph.shapes.get(name) for name in names]
        return shapes[0] == shapes[1] and bool(shapes[0])

    def _add(self, node: onnx.NodeProto, first: str, second: str) -> None:
        if self._power[first] != self._power[second]:
            self._fix(first)
            self._fix(second)
        self._join(second, first, self._power[second])
        self._join(node.output[0], first, self._power[first])

    def _multiply(self, node: onnx.NodeProto, first: str, second: str) -> None:
        if self._root(first) == self._root(second):
            self._join(node.output[0], first, self._power[first] + self._power[second])
            return
        if self._root(first) in self._fixed:
            first, second = second, first
        self._fix(second)
        self._join(node.output[0], first, self._power[first])

    def _start(self, tensor: str) -> None:
        self._parent[tensor] = tensor
        self._power[tensor] = 1

    def _join(self, tensor: str, to: str, power: int) -> None:
        if tensor not in self._parent:
            self._start(tensor)
        self._power[tensor] = power
        one, other = self._root(tensor), self._root(to)
        self._parent[one] = other
        if one in self._fixed:
            self._fixed.add(other)

    def _fix(self, tensor: str) -> None:
        self._fixed.add(self._root(tensor))

    def _root(self, tensor: str) -> str:
        while self._parent[tensor] != tensor:
            tensor = self._parent[tensor]
        return tensor


def absorbs(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    """Whether a node's weights can take its input's scales in, and for a Conv its output's."""
    if node.op_type == "Gemm":
        plain = attribute(node, "transB", 0) == 1 and attribute(node, "transA", 0) == 0
        return plain and node.input[1] in graph.constants
    if node.op_type != "Conv" or any(name not in graph.constants for name in node.input[1:]):
        return False
    return attribute(node, "group", 1) == 1 or is_depthwise(node, graph.constants[node.input[1]])


def apply_scales(content: bytes, scales: Scales) -> bytes:
    """Divide channels by scales and multiply them again where they are taken.

    Args:
        content: An FP32 network without Constant nodes.
        scales: (channels,) positive factors by group, as :class:`ChannelGroups` names them; a group
            that is not named stays.

    Returns:
        The network of the same function; with powers of two its numbers are the same to the bit.
    """
    graph = OnnxGraph(content)
    groups = ChannelGroups(graph)
    for node in graph.nodes:
        if absorbs(graph, node):
            taken = _factors(groups.of(node.input[0]), scales)
            made = _factors(groups.of(node.output[0]), scales)
            if taken is not None or made is not None:
                _scale(graph, node, taken, made)
    return graph.finish()


def _factors(scaled: Scaled | None, scales: Scales) -> Floats | None:
    if scaled is None or scaled.group not in scales:
        return None
    return np.asarray(scales[scaled.group] ** scaled.power, np.float32)


def _scale(
    graph: OnnxGraph, node: onnx.NodeProto, taken: Floats | None, made: Floats | None
) -> None:
    weights = graph.constants[node.input[1]]
    tail = (1,) * (weights.ndim - 2)
    if taken is not None:
        by_row = node.op_type == "Conv" and is_depthwise(node, weights)
        weights = weights * taken.reshape((-1, 1, *tail) if by_row else (1, -1, *tail))
    if made is not None:
        weights = weights / made.reshape(-1, 1, *tail)  # (n,) -> (n, 1, ...)
        if len(node.input) > 2:
            bias = graph.constants[node.input[2]] / made
            node.input[2] = graph.add_constant(f"{node.input[2]}/scaled", bias)
    node.input[1] = graph.add_constant(f"{node.input[1]}/scaled", weights.astype(np.float32))
