"""Compute on a CPU what a typed FP16 network computes on a GPU.

ONNX Runtime's CPU kernels have no FP16: it runs such a network in FP32 and leaves out the rounding
between nodes. Here each FP16 result is rounded by arithmetic that no optimiser removes.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from ..graphs.onnx_graph import OnnxGraph, attribute

_SPLITTER = np.array(2.0**13 + 1.0, np.float32)
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def half_reference(content: bytes) -> bytes:
    """An FP32 network that rounds where the given network's types say FP16.

    Rounding to FP16's 11 significant bits is Veltkamp's splitting: with c = 2^13 + 1,
    cx - (cx - x) has 24 - 13 bits (T. J. Dekker, Numer. Math. 18, 1971). Numbers below FP16's
    normal range keep more bits than FP16 has; sums inside a node are FP32's, as on tensor cores.

    Args:
        content: What :func:`typed_half` made, of a network with Q/DQ too.
    """
    graph = OnnxGraph(content)
    splitter = graph.add_constant("half_reference/splitter", _SPLITTER)
    half = {name for name, value in graph.constants.items() if value.dtype == np.float16}
    for name in half:
        graph.constants[name] = graph.constants[name].astype(np.float32)
    nodes: list[onnx.NodeProto] = []
    for node in graph.nodes:
        if node.op_type == "Cast" and attribute(node, "to", 0) in _FLOATS:
            rounds = attribute(node, "to", 0) == TensorProto.FLOAT16
            node.op_type = "Identity"
            del node.attribute[:]
        elif node.op_type == "DequantizeLinear" and set(node.input) <= set(graph.constants):
            half.add(_dequantise(graph, node))
            continue
        else:
            rounds = node.op_type != "QuantizeLinear" and bool(half & set(node.input))
        nodes.append(node)
        if rounds:
            half.update(node.output)
            nodes.extend(_rounding(node, splitter))
    graph.rebuild(nodes)
    return graph.finish()


def _dequantise(graph: OnnxGraph, node: onnx.NodeProto) -> str:
    """Put a weight in the place of its DequantizeLinear, rounded; returns its name."""
    levels, scale = (graph.constants[name] for name in node.input[:2])
    factors = scale.reshape(-1, *(1,) * (levels.ndim - 1))  # (n,) -> (n, 1, ...): axis 0
    value = (levels.astype(np.float32) * factors).astype(np.float16)
    (name,) = node.output
    graph.constants[name] = value.astype(np.float32)
    return str(name)


def _rounding(node: onnx.NodeProto, splitter: str) -> list[onnx.NodeProto]:
    """Nodes that round a node's first output in its place."""
    name = node.output[0]
    raw, wide, rest = f"{name}/raw", f"{name}/wide", f"{name}/rest"
    node.output[0] = raw
    return [
        helper.make_node("Mul", [raw, splitter], [wide], f"{wide}/Mul"),
        helper.make_node("Sub", [wide, raw], [rest], f"{rest}/Sub"),
        helper.make_node("Sub", [wide, rest], [name], f"{name}/Sub"),
    ]
