"""Write matrix products in FP32 as 1x1 convolutions.

TensorRT for RTX 1.7 compiles no FP32 matrix product for Turing ("FP32 GEMM is not supported"), the
same product as a convolution it does. The numbers are the same up to the order of the sums.
"""

from __future__ import annotations

from typing import Any  # the types of the constants differ

import numpy as np
import onnx
from onnx import helper, numpy_helper


def gemm_as_conv(content: bytes) -> bytes:
    """Replace each Gemm of a (n, c) activation and constant FP32 weights by a convolution.

    Args:
        content: A serialised ONNX model.

    Returns:
        The model with `Reshape -> Conv -> Reshape` in the place of each such Gemm; without one, the
        content as it came.
    """
    model = onnx.load_model_from_string(content)
    constants = {each.name: each for each in model.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        weights = _weights(node, constants)
        nodes.extend([node] if weights is None else _convolution(model.graph, node, weights))
    if len(nodes) == len(model.graph.node):
        return content
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _weights(
    node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    """(out, in) weights of a product that a convolution can replace, alpha included, else None."""
    if node.op_type != "Gemm" or node.input[1] not in constants:
        return None
    options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    weights = numpy_helper.to_array(constants[node.input[1]])
    plain = not options.get("transA", 0) and options.get("beta", 1.0) == 1.0
    if not plain or weights.dtype != np.float32:
        return None
    matrix = weights if options.get("transB", 0) else weights.T
    for bias in node.input[2:]:
        if bias not in constants or list(constants[bias].dims) != [len(matrix)]:
            return None
    return np.ascontiguousarray(matrix * np.float32(options.get("alpha", 1.0)))


def _convolution(
    graph: onnx.GraphProto,
    node: onnx.NodeProto,
    weights: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> list[onnx.NodeProto]:
    outputs, inputs = weights.shape
    prefix = f"{node.name or node.output[0]}/as_conv"
    kernel = weights.reshape(outputs, inputs, 1, 1)  # (out, in) -> (out, in, 1, 1)
    values: dict[str, np.ndarray[tuple[int, ...], np.dtype[Any]]] = {
        "kernel": kernel,
        "pixels": np.array([-1, inputs, 1, 1], np.int64),
        "rows": np.array([-1, outputs], np.int64),
    }
    for name, value in values.items():
        graph.initializer.append(numpy_helper.from_array(value, f"{prefix}/{name}"))
    return [
        helper.make_node(
            "Reshape", [node.input[0], f"{prefix}/pixels"], [f"{prefix}/in"], f"{prefix}/Reshape"
        ),
        helper.make_node(
            "Conv",
            [f"{prefix}/in", f"{prefix}/kernel", *node.input[2:]],
            [f"{prefix}/out"],
            f"{prefix}/Conv",
        ),
        helper.make_node(
            "Reshape", [f"{prefix}/out", f"{prefix}/rows"], [node.output[0]], f"{prefix}/Reshape_1"
        ),
    ]
