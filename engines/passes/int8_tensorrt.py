"""Q/DQ for TensorRT: symmetric INT8 on convolutions, placed so that it can fuse, the rest FP16."""

from __future__ import annotations

from collections.abc import Collection

import onnx

from ..graphs.onnx_graph import OnnxGraph, unique_node_names
from ..graphs.opset import at_least_opset
from .fp16_tensorrt import typed_half
from .insert_qdq import OPSET_OF_CHANNEL_SCALES, QdqWriter, symmetric_grid
from .int8_nodes import int8_nodes_tensorrt
from .tensor_range import Ranges

_OPSET_OF_HALF_QDQ = 19


def quantise_tensorrt(content: bytes, ranges: Ranges, *, excluded: Collection[str] = ()) -> bytes:
    """Quantise the inputs and weights of convolutions.

    Biases stay as they are and no Q/DQ stands between a convolution and the ReLU behind it. Of a
    sum with a convolution's result the other input is quantised too, so that TensorRT sums in the
    convolution's epilogue. Gates and the last layer are not quantised.

    Args:
        content: The FP32 network without Constant nodes.
        ranges: Of each activation.
        excluded: Names of more nodes that are not quantised.
    """
    graph = OnnxGraph(at_least_opset(content, OPSET_OF_CHANNEL_SCALES))
    unique_node_names(graph.nodes)
    writer = QdqWriter(graph, half_scales=True)
    convolutions = [node for node in int8_nodes_tensorrt(graph) if node.name not in excluded]
    for node in convolutions:
        node.input[0] = writer.activation(node.input[0], symmetric_grid(ranges[node.input[0]]))
        node.input[1], _ = writer.weights(node.input[1])
    for node in graph.nodes:
        if node.op_type == "Add":
            _quantise_residual(graph, node, {each.name for each in convolutions}, writer, ranges)
    graph.rebuild([*writer.nodes, *graph.nodes])
    return graph.finish()


def with_half_rest(content: bytes) -> bytes:
    """Type what is not INT8 as :func:`typed_half` does, where it would be FP32 without TF32.

    Q/DQ whose other side is FP16 came with opset 19: an older graph is brought to that.

    Args:
        content: What :func:`quantise_tensorrt` made.

    Raises:
        BackendError: A weight of an FP16 node is beyond FP16's range.
    """
    return typed_half(at_least_opset(content, _OPSET_OF_HALF_QDQ))


def layers_tensorrt(content: bytes) -> list[str]:
    """Names of the convolutions that :func:`quantise_tensorrt` quantises."""
    graph = OnnxGraph(content)
    unique_node_names(graph.nodes)
    return [node.name for node in int8_nodes_tensorrt(graph)]


def _quantise_residual(
    graph: OnnxGraph,
    node: onnx.NodeProto,
    convolutions: set[str],
    writer: QdqWriter,
    ranges: Ranges,
) -> None:
    """Quantise the input of a sum that the other input's convolution takes in."""
    if any(name in graph.constants for name in node.input):
        return
    fused = [
        index
        for index, name in enumerate(node.input)
        if graph.only_consumer(name) is not None
        and (maker := graph.producer.get(name)) is not None
        and maker.name in convolutions
    ]
    if fused:
        residual = 1 - fused[-1]
        name = node.input[residual]
        node.input[residual] = writer.activation(name, symmetric_grid(ranges[name]))
