"""Keep attention and sums in the blocked layout of ONNX Runtime's FP32 kernels on x86-64.

Its convolutions keep maps as blocks of channels. A node that has no kernel for blocks takes and
gives plain maps, and each change costs a pass over the map and a call. Products and sums have such
kernels for maps of one size only, so a factor per channel leaves the blocks; enlarged to its map by
the kernel for Resize, it does not.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from ..graphs.onnx_graph import OnnxGraph, attribute

_IN_BLOCKS = frozenset(
    {"Conv", "Add", "Mul", "Relu", "Sigmoid", "Tanh", "AveragePool", "MaxPool", "GlobalAveragePool"}
)


def reorder_for_blocks(content: bytes) -> bytes:
    """Put nodes into an order in which ONNX Runtime fuses more of them; finite numbers stay.

    - A shortcut is added to the first of two convolutions' results instead of to their sum: each
      convolution then takes one sum in.
    - A sigmoid of a few maps, each copied to several channels by a 0/1 convolution, comes after the
      copying: the convolution takes it in.

    Args:
        content: A serialised ONNX model without Constant nodes.
    """
    graph = OnnxGraph(content)
    for node in graph.nodes:
        if node.op_type == "Add":
            _sum_shortcut_first(graph, node)
        elif node.op_type == "Sigmoid":
            _copy_before_sigmoid(graph, node)
    graph.rebuild(graph.nodes)
    return graph.finish()


def enlarge_gates(content: bytes, block: int) -> bytes:
    """Enlarge a factor per channel to the map that it multiplies.

    Products of maps that are not in blocks stay: quantised ones, those whose channels do not fill
    their blocks, and those behind a node without a kernel for blocks.

    Args:
        content: A serialised ONNX model without Constant nodes.
        block: Channels of a block, see :func:`frsdk.backends.cpu_features.fp32_block`.
    """
    graph = OnnxGraph(content)
    nodes = []
    for node in graph.nodes:
        if node.op_type == "Mul":
            for index in (0, 1):
                enlargement = _enlargement(graph, node.input[index], node.input[1 - index], block)
                if enlargement is not None:
                    node.input[index] = enlargement.output[0]
                    nodes.append(enlargement)
        nodes.append(node)
    graph.rebuild(nodes)
    return graph.finish()


def _sum_shortcut_first(graph: OnnxGraph, node: onnx.NodeProto) -> None:
    """(a + b) + shortcut -> (a + shortcut) + b, where convolutions make a and b."""
    for index in (0, 1):
        inner, shortcut = graph.producer.get(node.input[index]), node.input[1 - index]
        if inner is None or inner.op_type != "Add" or not _only_for(graph, inner, node):
            continue
        if shortcut in inner.output:
            return
        makers = [graph.producer.get(name) for name in inner.input]
        if all(
            maker is not None and maker.op_type == "Conv" and _only_for(graph, maker, inner)
            for maker in makers
        ):
            first, second = inner.input
            inner.input[:] = [first, shortcut]
            node.input[:] = [inner.output[0], second]
            return


def _only_for(graph: OnnxGraph, maker: onnx.NodeProto, taker: onnx.NodeProto) -> bool:
    return graph.only_consumer(maker.output[0]) is taker


def _copy_before_sigmoid(graph: OnnxGraph, node: onnx.NodeProto) -> None:
    """sigmoid, then copy -> copy, then sigmoid."""
    copy = graph.only_consumer(node.output[0])
    if copy is None or not _copies_channels(graph, copy):
        return
    few, between, result = node.input[0], node.output[0], copy.output[0]
    copy.input[0], copy.output[0] = few, between
    node.input[0], node.output[0] = between, result


def _copies_channels(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    """Whether each channel that a convolution makes is one of those that it takes."""
    if node.op_type != "Conv" or len(node.input) != 2 or attribute(node, "group", 1) != 1:
        return False
    weights = graph.constants.get(node.input[1])
    if weights is None or weights.shape[2:] != (1, 1) or any(attribute(node, "pads", [0])):
        return False
    return set(np.unique(weights)) <= {0.0, 1.0} and bool((weights.sum(axis=1) == 1.0).all())


def _enlargement(graph: OnnxGraph, gate: str, of: str, block: int) -> onnx.NodeProto | None:
    """The node that gives each pixel of a map its channel's factor; None where it does not help."""
    channels, pixels = graph.channels(of), graph.pixels(of)
    if graph.pixels(gate) != 1 or pixels is None or pixels == 1:
        return None
    if channels is None or channels % block or graph.channels(gate) != channels:
        return None
    makers = [graph.producer.get(name) for name in (gate, of)]
    if any(maker is None or maker.op_type not in _IN_BLOCKS for maker in makers):
        return None
    if not graph.batched(gate) or not graph.batched(of):
        return None
    height, width = graph.shapes[of][2:]
    name = f"{gate}/enlarged/{of}"
    scales = np.array([1, 1, height, width], np.float32)
    graph.state_shape(name, [channels, height, width])
    return helper.make_node(
        "Resize",
        [gate, "", graph.add_constant(f"{name}/scales", scales)],
        [name],
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
