"""Compute the parallel branches of a block as one branch of more channels.

Two branches `1x1 -> depthwise -> 1x1` of one tensor, summed, equal one branch whose hidden channels
are theirs side by side: the first convolutions' weights one after the other, the depthwise kernels
padded with zeros to the larger size, and the last convolutions' weights beside each other. That is
more arithmetic in the depthwise convolution, and half the calls and no sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from ..graphs.onnx_graph import OnnxGraph, attribute, is_depthwise

Floats = NDArray[np.float32]

# Measured (docs/notes/precision.md): on larger maps the added arithmetic costs more than the calls.
_MOST_PIXELS = 225


class _Branch(NamedTuple):
    expand: onnx.NodeProto
    expand_relu: onnx.NodeProto
    depthwise: onnx.NodeProto
    depthwise_relu: onnx.NodeProto
    project: onnx.NodeProto

    @property
    def convolutions(self) -> tuple[onnx.NodeProto, ...]:
        return self.expand, self.depthwise, self.project


def merge_branches(content: bytes) -> tuple[bytes, dict[str, tuple[str, ...]]]:
    """Merge pairs of branches on small maps; the numbers stay up to the order of sums.

    Args:
        content: A serialised ONNX model without Constant nodes.

    Returns:
        The model, and for each tensor that holds several of the old ones side by side their names.
    """
    graph = OnnxGraph(content)
    held: dict[str, tuple[str, ...]] = {}
    dropped: set[int] = set()
    for node in graph.nodes:
        pair = _branches(graph, node)
        if pair is None or (graph.pixels(pair[0].expand.output[0]) or 0) > _MOST_PIXELS:
            continue
        first, second = pair
        held[first.expand_relu.output[0]] = _names(first.expand_relu, second.expand_relu)
        held[first.depthwise_relu.output[0]] = _names(first.depthwise_relu, second.depthwise_relu)
        _merge(graph, first, second)
        first.project.output[0] = node.output[0]
        dropped |= {id(node), *(id(each) for each in second)}
    graph.rebuild(node for node in graph.nodes if id(node) not in dropped)
    return graph.finish(), held


def _names(first: onnx.NodeProto, second: onnx.NodeProto) -> tuple[str, ...]:
    return first.output[0], second.output[0]


def _branches(graph: OnnxGraph, node: onnx.NodeProto) -> tuple[_Branch, _Branch] | None:
    """The two branches of a sum, where that is what it sums."""
    if node.op_type != "Add":
        return None
    found = [_branch(graph, name) for name in node.input]
    first, second = found if len(found) == 2 else (None, None)
    if first is None or second is None or first.expand.input[0] != second.expand.input[0]:
        return None
    strides = {tuple(attribute(each.depthwise, "strides", [1, 1])) for each in (first, second)}
    return (first, second) if len(strides) == 1 else None


def _branch(graph: OnnxGraph, tensor: str) -> _Branch | None:
    nodes: list[onnx.NodeProto] = []
    for kind in ("Conv", "Relu", "Conv", "Relu", "Conv"):
        node = graph.producer.get(tensor)
        if node is None or node.op_type != kind or graph.only_consumer(tensor) is None:
            return None
        nodes.append(node)
        tensor = node.input[0]
    branch = _Branch(*reversed(nodes))
    fits = (
        all(_has_constants(graph, each) for each in branch.convolutions)
        and _is_pointwise(graph, branch.expand)
        and _is_pointwise(graph, branch.project)
        and _is_centred_depthwise(graph, branch.depthwise)
    )
    return branch if fits else None


def _has_constants(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    return len(node.input) == 3 and all(name in graph.constants for name in node.input[1:])


def _is_pointwise(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    plain = attribute(node, "group", 1) == 1 and set(attribute(node, "strides", [1])) == {1}
    return plain and graph.constants[node.input[1]].shape[2:] == (1, 1)


def _is_centred_depthwise(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    weights = graph.constants[node.input[1]]
    side = weights.shape[-1]
    centred = weights.shape[2:] == (side, side) and side % 2 == 1
    padded = list(attribute(node, "pads", [0] * 4)) == [side // 2] * 4
    plain = set(attribute(node, "dilations", [1])) == {1}
    return is_depthwise(node, weights) and centred and padded and plain


def _merge(graph: OnnxGraph, first: _Branch, second: _Branch) -> None:
    """Write both branches' weights into the first one's nodes."""
    for one, other in zip(first.convolutions[:2], second.convolutions[:2], strict=True):
        weights = [graph.constants[each.input[1]] for each in (one, other)]
        side = max(each.shape[-1] for each in weights)
        weights = [_in_square(each, side) for each in weights]
        biases = [graph.constants[each.input[2]] for each in (one, other)]
        _set_weights(graph, one, np.concatenate(weights), np.concatenate(biases))
    width = len(graph.constants[first.depthwise.input[1]])
    side = graph.constants[first.depthwise.input[1]].shape[-1]
    for each in first.depthwise.attribute:
        if each.name == "group":
            each.i = width
        elif each.name == "kernel_shape":
            each.ints[:] = [side, side]
        elif each.name == "pads":
            each.ints[:] = [side // 2] * 4
    kernels = [graph.constants[each.project.input[1]] for each in (first, second)]
    biases = [graph.constants[each.project.input[2]] for each in (first, second)]
    _set_weights(graph, first.project, np.concatenate(kernels, axis=1), biases[0] + biases[1])


def _in_square(weights: Floats, side: int) -> Floats:
    """(n, c, k, k) kernels in the middle of (n, c, side, side) zeros."""
    edge = (side - weights.shape[-1]) // 2
    return np.pad(weights, [(0, 0), (0, 0), (edge, edge), (edge, edge)])


def _set_weights(graph: OnnxGraph, node: onnx.NodeProto, weights: Floats, bias: Floats) -> None:
    node.input[1] = graph.add_constant(f"{node.input[1]}/merged", weights)
    node.input[2] = graph.add_constant(f"{node.input[2]}/merged", bias)
