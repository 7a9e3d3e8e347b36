"""Which nodes of a graph make attention's factors, and the last layer."""

from __future__ import annotations

from ..graphs.onnx_graph import OnnxGraph
from .fp16_tensorrt import fp32_islands


def gate_nodes(graph: OnnxGraph) -> set[str]:
    """Names of the nodes that only make factors of a map, and of the network's last layer.

    Those are the FP32 islands (spatial statistics), nodes on maps of one pixel (what a global
    average leads to), and convolutions of a Sigmoid's result. Their work is small and an error in
    them scales whole maps.
    """
    found = fp32_islands(graph)
    for node in graph.nodes:
        maker = graph.producer.get(node.input[0])
        on_one_pixel = graph.pixels(node.input[0]) == 1 and graph.pixels(node.output[0]) == 1
        if on_one_pixel or (maker is not None and maker.op_type == "Sigmoid"):
            found.add(node.name)
    return found
