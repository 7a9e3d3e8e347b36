"""Compute at build time whatever a graph computes from constants alone."""

from __future__ import annotations

import numpy as np
from onnx.reference import ReferenceEvaluator

from ..graphs.onnx_graph import OnnxGraph

_NEVER = frozenset({"QuantizeLinear", "DequantizeLinear", "RandomNormal", "RandomUniform"})


def fold_constants(content: bytes) -> bytes:
    """Replace nodes of constant inputs by their results, and drop Identity nodes.

    Args:
        content: A serialised ONNX model.

    Returns:
        The model with the same numbers; Constant nodes are initialisers.
    """
    graph = OnnxGraph(content)
    kept, renamed = [], dict[str, str]()
    for node in graph.nodes:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Identity" and node.output[0] not in graph.outputs:
            renamed[node.output[0]] = node.input[0]
        elif node.op_type not in _NEVER and _is_constant(graph, list(node.input)):
            values = ReferenceEvaluator(node).run(
                None, {name: graph.constants[name] for name in node.input if name}
            )
            graph.constants.update(zip(node.output, map(np.asarray, values), strict=True))
        else:
            kept.append(node)
    graph.rebuild(kept)
    return graph.finish()


def _is_constant(graph: OnnxGraph, names: list[str]) -> bool:
    return bool(names) and all(name in graph.constants for name in names if name)
