"""Store a network's weights as FP16 for a CPU, which computes in FP32 all the same."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from ..graphs.onnx_graph import OnnxGraph
from .fp16_constants import halved

_SMALLEST = 64  # values; below, a Cast node costs more bytes than it saves


def half_weights(content: bytes) -> bytes:
    """Halve the file: each large FP32 constant becomes FP16 with a Cast to FP32 behind it.

    ONNX Runtime computes those Casts once, at load, so the speed is that of FP32. A decoder's basis
    stays FP32, as in every precision.

    Args:
        content: A serialised ONNX model without Constant nodes.

    Raises:
        BackendError: A weight is beyond FP16's range.
    """
    graph = OnnxGraph(content)
    casts = []
    kept = {name for node in graph.after_outputs() for name in node.input}
    for name, value in list(graph.constants.items()):
        if value.dtype != np.float32 or value.size < _SMALLEST or name in kept:
            continue
        stored = graph.add_constant(f"{name}/fp16", halved(value, name))
        del graph.constants[name]
        casts.append(
            helper.make_node("Cast", [stored], [name], f"{name}/Cast", to=TensorProto.FLOAT)
        )
    graph.rebuild([*casts, *graph.nodes])
    return graph.finish(same_shapes=True)
