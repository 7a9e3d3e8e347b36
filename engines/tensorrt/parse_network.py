"""Parse ONNX into a TensorRT network definition, and say what it holds."""

from __future__ import annotations

from collections import Counter
from typing import Any  # TensorRT's objects have no types

from frsdk.backends.tensorrt_modules import TensorrtModule
from frsdk.errors import BackendError


def create_definition(handle: TensorrtModule, builder: Any) -> Any:
    """An empty, strongly typed `INetworkDefinition`.

    A flavour that can choose precisions itself has builder flags for them, and must be told not to;
    in the others every network is strongly typed.
    """
    trt = handle.trt
    if hasattr(trt.BuilderFlag, "FP16"):
        return builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    return builder.create_network(0)


def parse_onnx(
    handle: TensorrtModule, definition: Any, log: Any, content: bytes, source: str
) -> None:
    """Fill a network definition from a serialised ONNX model.

    Args:
        handle: The flavour.
        definition: The empty `INetworkDefinition`.
        log: The logger.
        content: The model, without external data.
        source: What it came from, for messages.

    Raises:
        BackendError: The parser refused it; every error is shown, with the node's name.
    """
    parser = handle.trt.OnnxParser(definition, log)
    if parser.parse(content):
        return
    errors = [_error_text(parser.get_error(index)) for index in range(parser.num_errors)]
    reasons = "; ".join(dict.fromkeys(errors)) or log.last_errors()
    raise BackendError(f"{source}: {handle.label} cannot parse it: {reasons}")


def count_layers(definition: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Layers of a parsed network, by type and by the type of their first output."""
    types: Counter[str] = Counter()
    precisions: Counter[str] = Counter()
    for index in range(definition.num_layers):
        layer = definition.get_layer(index)
        types[layer.type.name] += 1
        if layer.num_outputs:
            tensor = layer.get_output(0)
            precisions[tensor.dtype.name] += 1
    return dict(sorted(types.items())), dict(sorted(precisions.items()))


def _error_text(error: Any) -> str:
    node, operator = error.node_name(), error.node_operator()
    where = f"node {node or error.node()} ({operator})" if operator else "the file"
    return f"{where}: {' '.join(error.desc().split())} [{error.code().name}]"
