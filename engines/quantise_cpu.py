"""Q/DQ for ONNX Runtime's CPU kernels: UINT8 activations and INT8 weights, fused end to end."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx

from .activation_ranges import Ranges
from .onnx_graph import OnnxGraph, unique_node_names
from .qdq_writer import Grid, QdqWriter, unsigned_grid

QUANTISED_TYPES = frozenset({"Conv", "Add", "Mul", "GlobalAveragePool", "Sigmoid"})


def quantise_cpu(content: bytes, ranges: Ranges, *, excluded: Collection[str] = ()) -> bytes:
    """Quantise the inputs and outputs of nodes, so that integers flow from one to the next.

    A ReLU behind a quantised convolution goes: its result's range begins at 0, where the
    quantisation clips. Biases are INT32 in the scale of the sums, as the kernels take them.

    Args:
        content: The FP32 network without Constant nodes.
        ranges: Of each activation.
        excluded: Names of nodes that stay FP32.
    """
    graph = OnnxGraph(content)
    unique_node_names(graph.nodes)
    chosen = [node for node in graph.nodes if _can(graph, node) and node.name not in excluded]
    _drop_relus(graph, chosen)
    writer = QdqWriter(graph)
    grids = {name: unsigned_grid(ranges[name]) for node in chosen for name in _moving(graph, node)}
    for node in chosen:
        _quantise_inputs(graph, node, grids, writer)
    made = {name for node in chosen for name in node.output} - set(graph.outputs)
    for node in graph.nodes:  # what takes a quantised result takes it quantised
        for index, name in enumerate(node.input):
            if name in made:
                node.input[index] = writer.activation(name, grids[name])
    graph.rebuild([*writer.nodes, *graph.nodes])
    return graph.finish()


def _can(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    if node.op_type not in QUANTISED_TYPES or set(node.output) & set(graph.outputs):
        return False
    if node.op_type == "Conv":
        return node.input[1] in graph.constants and node.input[0] not in graph.constants
    return not any(name in graph.constants for name in node.input)


def _moving(graph: OnnxGraph, node: onnx.NodeProto) -> list[str]:
    names = (*node.input, *node.output)
    return [name for name in names if name and name not in graph.constants]


def _drop_relus(graph: OnnxGraph, chosen: list[onnx.NodeProto]) -> None:
    """Let a quantised convolution make what its only consumer, a ReLU, made."""
    dropped = set[int]()
    for node in chosen:
        after = graph.only_consumer(node.output[0])
        if after is not None and after.op_type == "Relu" and node.op_type in ("Conv", "Add"):
            node.output[0] = after.output[0]
            dropped.add(id(after))
    graph.rebuild(node for node in graph.nodes if id(node) not in dropped)


def _quantise_inputs(
    graph: OnnxGraph, node: onnx.NodeProto, grids: dict[str, Grid], writer: QdqWriter
) -> None:
    if node.op_type != "Conv":
        for index, name in enumerate(node.input):
            node.input[index] = writer.activation(name, grids[name])
        return
    grid = grids[node.input[0]]
    node.input[0] = writer.activation(node.input[0], grid)
    node.input[1], scale = writer.weights(node.input[1])
    if len(node.input) > 2:
        node.input[2] = writer.bias(node.input[2], np.asarray(scale * grid.scale, np.float32))
