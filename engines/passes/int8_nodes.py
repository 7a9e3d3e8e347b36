"""Which nodes of a network INT8 touches, on a CPU and on TensorRT."""

from __future__ import annotations

import onnx

from ..graphs.onnx_graph import OnnxGraph
from .attention_nodes import gate_nodes

_TYPES = frozenset({"Conv", "Add", "Mul", "GlobalAveragePool", "Sigmoid"})
# Measured on AVX-512 with VNNI (docs/notes/precision.md): on larger maps FP32 is faster, because
# its depthwise convolutions are.
_MOST_PIXELS = 64


def int8_nodes_cpu(graph: OnnxGraph) -> list[onnx.NodeProto]:
    """Nodes with integer kernels behind which no large map comes."""
    early: set[str] = set()  # tensors before a large map, or large ones
    late = []
    decoder = {id(node) for node in graph.after_outputs()}
    for node in reversed([node for node in graph.nodes if id(node) not in decoder]):
        large = any(
            (graph.pixels(name) or 0) > _MOST_PIXELS for name in moving_tensors(graph, node)
        )
        if large or early & set(node.output):
            early.update(node.input)
        elif _can(graph, node):
            late.append(node)
    return late[::-1]


def int8_nodes_tensorrt(graph: OnnxGraph) -> list[onnx.NodeProto]:
    """All convolutions but those of attention's factors and of the last layer."""
    gates = gate_nodes(graph)
    return [
        node
        for node in graph.nodes
        if node.op_type == "Conv" and node.name not in gates and node.input[1] in graph.constants
    ]


def moving_tensors(graph: OnnxGraph, node: onnx.NodeProto) -> list[str]:
    """What goes into a node and comes out of it, but for constants."""
    names = (*node.input, *node.output)
    return [name for name in names if name and name not in graph.constants]


def _can(graph: OnnxGraph, node: onnx.NodeProto) -> bool:
    if node.op_type not in _TYPES or set(node.output) & set(graph.outputs):
        return False
    if node.op_type == "Conv":
        return node.input[1] in graph.constants and node.input[0] not in graph.constants
    return not any(name in graph.constants for name in node.input)
