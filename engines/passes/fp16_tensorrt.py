"""Type a network in FP16, with FP32 where the numbers need it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from ..graphs.onnx_graph import OnnxGraph, unique_node_names
from .fp16_constants import halved

_TYPED_INPUTS = {"Resize": 1}  # inputs that share the node's type, where that is not all of them
_TYPE = {True: TensorProto.FLOAT16, False: TensorProto.FLOAT}


def typed_half(content: bytes) -> bytes:
    """Give each tensor the type that a strongly typed TensorRT network computes it in.

    Inputs and outputs of the network stay FP32. Casts stand where the type changes.

    Args:
        content: A serialised ONNX model without Constant nodes.

    Raises:
        BackendError: A weight of an FP16 node is beyond FP16's range.
    """
    graph = OnnxGraph(content)
    unique_node_names(graph.nodes)
    kept = fp32_islands(graph)
    made_half = {name for node in graph.nodes if node.name not in kept for name in node.output}
    outputs = set(graph.outputs)
    nodes: list[onnx.NodeProto] = []
    casts: dict[tuple[str, bool], str] = {}
    for node in graph.nodes:
        half = node.name not in kept
        typed = _TYPED_INPUTS.get(node.op_type)
        for index, name in enumerate(node.input[:typed]):
            node.input[index] = _typed_input(graph, name, half, made_half, casts, nodes)
        nodes.append(node)
        for index, name in enumerate(node.output):
            if half and name in outputs:
                node.output[index] = f"{name}/fp16"
                nodes.append(_cast(f"{name}/fp16", name, half=False))
    graph.rebuild(nodes)
    return graph.finish()


def fp32_islands(graph: OnnxGraph) -> set[str]:
    """Names of the nodes whose numbers need FP32: spatial statistics, the last layer, a decoder.

    An InstanceNormalization divides by a standard deviation over pixels of products of a map and
    its own mean, which FP16 cannot square; everything that only it depends on, up to tensors that
    others take too, and the activation behind it, stay with it. The last layer sums the most terms
    and its result is de-whitened, so its rounding is the one that shows; a decoder behind it has
    coefficients that leave FP16's range in some face models.
    """
    found = {node.name for node in graph.nodes if set(node.output) & set(graph.outputs)}
    found |= {node.name for node in graph.after_outputs()}
    for node in graph.nodes:
        if node.op_type == "InstanceNormalization":
            found.add(node.name)
            found |= _private_ancestors(graph, node)
            after = graph.only_consumer(node.output[0])
            if after is not None and after.op_type == "Sigmoid":
                found.add(after.name)
    return found


def _private_ancestors(graph: OnnxGraph, node: onnx.NodeProto) -> set[str]:
    found: set[str] = set()
    waiting = [node.input[0]]
    while waiting:
        tensor = waiting.pop()
        maker = graph.producer.get(tensor)
        if maker is not None and graph.only_consumer(tensor) is not None:
            found.add(maker.name)
            waiting.extend(maker.input)
    return found


def _typed_input(
    graph: OnnxGraph,
    name: str,
    half: bool,
    made_half: set[str],
    casts: dict[tuple[str, bool], str],
    nodes: list[onnx.NodeProto],
) -> str:
    """The tensor in the wanted type, cast before the node where it has the other one."""
    if name in graph.constants:
        value = graph.constants[name]
        if not half or value.dtype != np.float32:
            return name
        if (name, half) not in casts:
            casts[name, half] = graph.add_constant(f"{name}/fp16", halved(value, name))
        return casts[name, half]
    if not name or half == (name in made_half):
        return name
    if (name, half) not in casts:
        casts[name, half] = f"{name}/{'fp16' if half else 'fp32'}"
        nodes.append(_cast(name, casts[name, half], half=half))
    return casts[name, half]


def _cast(source: str, target: str, *, half: bool) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], f"{target}/Cast", to=_TYPE[half])
