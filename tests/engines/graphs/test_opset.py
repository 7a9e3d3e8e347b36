"""Networks of older ONNX operators, which quantisation brings to the version that it needs."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import onnx
from onnx import TensorProto, helper, numpy_helper

from frsdk.engines.accuracy.fp16_reference import half_reference
from frsdk.engines.graphs.opset import at_least_opset
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.engines.passes.int8_cpu import quantise_cpu
from frsdk.engines.passes.int8_tensorrt import quantise_tensorrt, with_half_rest
from frsdk.errors import BackendError

RANGES = {"in": (-3.0, 3.0), "sum": (-6.0, 6.0), "relu": (0.0, 6.0), "out": (-6.0, 6.0)}


def network(opset: int) -> bytes:
    """A convolution, a ReLU and a last convolution on 6x6 pixels."""
    random = np.random.default_rng(0)
    first, last = (
        numpy_helper.from_array(random.normal(0, 0.3, (4, n, 3, 3)).astype(np.float32), name)
        for n, name in ((3, "first"), (4, "last"))
    )
    nodes = [
        helper.make_node("Conv", ["in", "first"], ["sum"], "conv1"),
        helper.make_node("Relu", ["sum"], ["relu"], "relu1"),
        helper.make_node("Conv", ["relu", "last"], ["out"], "conv2"),
    ]
    entry = helper.make_tensor_value_info("in", TensorProto.FLOAT, ["n", 3, 6, 6])
    result = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 4, 2, 2])
    graph = helper.make_graph(nodes, "network", [entry], [result], [first, last])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, {"frsdk.spec": "kept"})
    return bytes(model.SerializeToString())


def run(content: bytes) -> np.ndarray:
    batch = np.random.default_rng(1).normal(size=(5, 3, 6, 6)).clip(-3, 3).astype(np.float32)
    found: np.ndarray = NetworkRun(content)._session.run(None, {"in": batch})[0]
    return found


def opset_of(content: bytes) -> int:
    return int(onnx.load_model_from_string(content).opset_import[0].version)


def test_a_model_is_raised_with_its_metadata() -> None:
    old = network(11)
    new = at_least_opset(old, 19)
    assert opset_of(new) == 19
    assert onnx.load_model_from_string(new).metadata_props[0].value == "kept"
    assert np.array_equal(run(new), run(old))
    assert at_least_opset(new, 13) is new


def test_what_onnx_cannot_convert_is_one_line() -> None:
    model = onnx.load_model_from_string(network(11))
    model.graph.node[1].op_type = "Unheard"
    with pytest.raises(BackendError, match=r"brought to opset 19 .*--opset 19") as caught:
        at_least_opset(model.SerializeToString(), 19)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("opset", [11, 17, 20])
def test_old_networks_are_quantised_for_both_targets(opset: int) -> None:
    content = network(opset)
    wanted = run(content)
    spread = np.abs(wanted).max()
    for_cpu = quantise_cpu(content, RANGES)
    assert 0 < np.abs(run(for_cpu) - wanted).max() < 0.05 * spread
    for_gpu = with_half_rest(quantise_tensorrt(content, RANGES))
    assert opset_of(for_gpu) == max(opset, 19)
    assert 0 < np.abs(run(half_reference(for_gpu)) - wanted).max() < 0.05 * spread
