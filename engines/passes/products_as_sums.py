"""Write FP32 products of two activations as sums of elementwise products.

TensorRT for RTX 1.7 compiles no FP32 matrix product for Turing; see :mod:`.gemm_as_conv` for those
with constant weights. What is left are the decoder's, points (n, K, 3) times rotations (n, 3, 3).
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from ..graphs.onnx_graph import OnnxGraph

_OPSET_OF_SIZES = 13
_MOST_TERMS = 4  # of a sum; larger products are not written out


def products_as_sums(content: bytes) -> bytes:
    """Replace each MatMul of two activations of rank 3 with few terms to a sum.

    Args:
        content: A serialised ONNX model.

    Returns:
        The model with `Split -> Mul -> Add` in the place of each such MatMul; without one, the
        content as it came.
    """
    graph = OnnxGraph(content)
    nodes: list[onnx.NodeProto] = []
    for node in graph.nodes:
        terms = _terms(graph, node)
        nodes.extend([node] if terms is None else _sum(graph, node, terms))
    if len(nodes) == len(graph.nodes):
        return content
    graph.rebuild(nodes)
    return graph.finish()


def _terms(graph: OnnxGraph, node: onnx.NodeProto) -> int | None:
    """Length of the sums of a product to write out, else None."""
    if node.op_type != "MatMul" or any(name in graph.constants for name in node.input):
        return None
    left, right = (graph.shapes.get(name, ()) for name in node.input)
    if len(left) != 3 or len(right) != 3:
        return None
    known = [size for size in (left[2], right[1]) if size is not None]
    return known[0] if known and known[0] <= _MOST_TERMS else None


def _sum(graph: OnnxGraph, node: onnx.NodeProto, terms: int) -> list[onnx.NodeProto]:
    output = node.output[0]
    prefix = f"{node.name or output}/as_sum"
    columns, rows, products = (
        [f"{prefix}/{kind}{index}" for index in range(terms)]
        for kind in ("column", "row", "product")
    )
    sizes = []  # before opset 13 an attribute, which equal parts do without
    if graph.opset >= _OPSET_OF_SIZES:
        sizes = [graph.add_constant(f"{prefix}/sizes", np.ones(terms, np.int64))]
    nodes = [
        helper.make_node("Split", [node.input[0], *sizes], columns, f"{prefix}/Split", axis=2),
        helper.make_node("Split", [node.input[1], *sizes], rows, f"{prefix}/Split_1", axis=1),
    ]
    for column, row, product in zip(columns, rows, products, strict=True):
        nodes.append(helper.make_node("Mul", [column, row], [product], f"{product}/Mul"))
    total = products[0]
    for index, product in enumerate(products[1:], start=2):
        name = output if index == terms else f"{prefix}/sum{index}"
        nodes.append(helper.make_node("Add", [total, product], [name], f"{name}/Add"))
        total = name
    return nodes
