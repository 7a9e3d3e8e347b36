"""The shipped network, and a copy that is worse by a known amount."""

from __future__ import annotations

from pathlib import Path

from frsdk.engines.graphs.network_file import read_network

BUILTIN = Path(__file__).resolve().parents[3] / "frsdk" / "assets" / "network.onnx"


def worse(path: Path, by: float) -> Path:
    """The shipped network with its first pose parameters moved: a loss of known size."""
    import onnx

    model = onnx.load(BUILTIN)
    spec = read_network(BUILTIN).spec
    (node,) = (each for each in model.graph.node if spec.output.name in each.output)
    (bias,) = (each for each in model.graph.initializer if each.name == node.input[2])
    moved = onnx.numpy_helper.to_array(bias).copy()
    moved[3] += by / spec.param_std[3]  # pixels to the right
    bias.CopyFrom(onnx.numpy_helper.from_array(moved, bias.name))
    onnx.save(model, path)
    return path
