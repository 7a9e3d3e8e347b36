"""Write products of a map and one number per channel in ONNX Runtime's fast CPU layout.

Its blocked layout has a product of two maps of one shape, and a nearest-neighbour enlargement, but
no broadcasting product: that one sends the map through two copies. Enlarging the gate to the map
first keeps both in the layout (measured: docs/precision.md).
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from .onnx_graph import OnnxGraph


def spread_gates(content: bytes) -> bytes:
    """Enlarge each (n, c, 1, 1) factor to its map's size before the product; numbers stay.

    Args:
        content: A serialised ONNX model without Constant nodes.

    Returns:
        The model with a Resize before each such product.
    """
    graph = OnnxGraph(content)
    nodes: list[onnx.NodeProto] = []
    for node in graph.nodes:
        gate = _gate(graph, node)
        if gate is not None:
            nodes.append(_spread(graph, node, gate))
        nodes.append(node)
    graph.rebuild(nodes)
    return graph.finish()


def _gate(graph: OnnxGraph, node: onnx.NodeProto) -> int | None:
    """Which input of a product is one number per channel of the other one."""
    if node.op_type != "Mul" or any(name in graph.constants for name in node.input):
        return None
    sizes = [graph.pixels(name) for name in node.input]
    if None in sizes or sizes[0] == sizes[1] or 1 not in sizes:
        return None
    return sizes.index(1)


def _spread(graph: OnnxGraph, node: onnx.NodeProto, gate: int) -> onnx.NodeProto:
    height, width = graph.shapes[node.input[1 - gate]][2:]
    scales = np.array([1, 1, height, width], np.float32)
    name = f"{node.name or node.output[0]}/spread"
    spread = helper.make_node(
        "Resize",
        [node.input[gate], "", graph.add_constant(f"{name}/scales", scales)],
        [f"{name}_output_0"],
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    node.input[gate] = spread.output[0]
    return spread
