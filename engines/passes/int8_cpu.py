"""Q/DQ for ONNX Runtime's CPU kernels: UINT8 activations and INT8 weights, fused end to end."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import onnx

from frsdk.backends.cpu_features import FITTING_WEIGHT_BITS

from ..graphs.onnx_graph import OnnxGraph, unique_node_names
from ..graphs.opset import at_least_opset
from .insert_qdq import OPSET_OF_CHANNEL_SCALES, Grid, QdqWriter, unsigned_grid
from .int8_nodes import int8_nodes_cpu, moving_tensors
from .merge_branches import merge_branches
from .tensor_range import Range, Ranges

_MOST_WEIGHT = 1 << (FITTING_WEIGHT_BITS - 1)


def quantise_cpu(content: bytes, ranges: Ranges, *, excluded: Collection[str] = ()) -> bytes:
    """Quantise the inputs and outputs of the late nodes, so that integers flow between them.

    A ReLU behind a quantised convolution goes: its result's range begins at 0, where the
    quantisation clips. Weights have 7 bits, so that every CPU's fast kernels are exact. Biases are
    INT32 in the scale of the sums, as the kernels take them. Nodes before the last large map, and
    the last layer, stay FP32.

    Args:
        content: The FP32 network without Constant nodes.
        ranges: Of each activation.
        excluded: Names of nodes that stay FP32, of those that :func:`layers_cpu` gives.
    """
    graph, spans = _prepared(content)
    ranges = {**ranges, **{name: _span(ranges, held) for name, held in spans.items()}}
    chosen = [node for node in int8_nodes_cpu(graph) if node.name not in excluded]
    _drop_relus(graph, chosen)
    writer = QdqWriter(graph, most=_MOST_WEIGHT)
    grids = {
        name: unsigned_grid(ranges[name]) for node in chosen for name in moving_tensors(graph, node)
    }
    for node in chosen:
        _quantise_inputs(graph, node, grids, writer)
    made = {name for node in chosen for name in node.output}
    for node in graph.nodes:  # what takes a quantised result takes it quantised
        for index, name in enumerate(node.input):
            if name in made:
                node.input[index] = writer.activation(name, grids[name])
    graph.rebuild([*writer.nodes, *graph.nodes])
    return graph.finish()


def layers_cpu(content: bytes) -> list[str]:
    """Names of the nodes that :func:`quantise_cpu` quantises."""
    graph, _ = _prepared(content)
    return [node.name for node in int8_nodes_cpu(graph)]


def _prepared(content: bytes) -> tuple[OnnxGraph, Mapping[str, tuple[str, ...]]]:
    """The graph with merged branches, and which old tensors its new ones hold."""
    merged, held = merge_branches(at_least_opset(content, OPSET_OF_CHANNEL_SCALES))
    graph = OnnxGraph(merged)
    unique_node_names(graph.nodes)
    return graph, held


def _span(ranges: Ranges, names: tuple[str, ...]) -> Range:
    return min(ranges[name][0] for name in names), max(ranges[name][1] for name in names)


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
