"""Passes that change a graph and not its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from frsdk.engines.graphs.onnx_graph import OnnxGraph
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.engines.passes.blocked_layout import enlarge_gates, reorder_for_blocks
from frsdk.engines.passes.fold_constants import fold_constants
from frsdk.engines.passes.fp16_constants import halved
from frsdk.engines.passes.fp16_cpu import half_weights
from frsdk.engines.passes.fp16_tensorrt import typed_half
from frsdk.engines.passes.merge_branches import merge_branches
from frsdk.engines.passes.products_as_sums import products_as_sums
from frsdk.engines.passes.widen_channels import widen_channels
from frsdk.errors import BackendError
from frsdk.specs.model_spec import ModelSpec

from ..small_network import Maker, small_network


@pytest.fixture(scope="module")
def crops() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (4, 120, 120, 3), np.uint8)


def kinds(content: bytes) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_model_from_string(content).graph.node)


def test_branches_on_small_maps_are_merged(tiny_spec: ModelSpec, crops: NDArray[np.uint8]) -> None:
    content = small_network(tiny_spec)
    merged, held = merge_branches(content)
    before, after = kinds(content), kinds(merged)
    assert before["Conv"] - after["Conv"] == 6 and before["Add"] - after["Add"] == 2
    assert held["block1.3.expand.relu"] == ("block1.3.expand.relu", "block1.5.expand.relu")
    graph = OnnxGraph(merged)
    shapes = {
        node.name: graph.constants[node.input[1]].shape
        for node in graph.nodes
        if node.name.startswith("/block2.3") and node.op_type == "Conv"
    }
    assert shapes == {
        "/block2.3.expand": (32, 16, 1, 1),
        "/block2.3.depthwise": (32, 1, 5, 5),
        "/block2.3.project": (16, 32, 1, 1),
    }
    found, wanted = (NetworkRun(each).output(crops, tiny_spec.input) for each in (merged, content))
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_branches_of_different_inputs_stay(tiny_spec: ModelSpec) -> None:
    make = Maker("x")
    left = make.branch(make.relu(make.conv("x", "a", (8, 3, 1, 1))), "left", 8, 8, 3)
    right = make.branch(make.relu(make.conv("x", "b", (8, 3, 1, 1))), "right", 8, 8, 5)
    make.node("Add", [left, right], "y")
    content = model_of(make, (3, 8, 8), (8, 8, 8))
    merged, held = merge_branches(content)
    assert not held and kinds(merged) == kinds(content)


def model_of(make: Maker, shape: tuple[int, ...], result: tuple[int, ...]) -> bytes:
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", *result])
    graph = helper.make_graph(make.nodes, "g", [entry], [output], make.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_channels_are_padded_to_blocks_where_that_is_little() -> None:
    make = Maker("x")
    x = make.relu(make.conv("x", "first", (24, 3, 3, 3)))
    x = make.relu(make.conv(x, "depthwise", (24, 1, 3, 3)))
    x = make.relu(make.conv(x, "few", (4, 24, 1, 1)))
    x = make.relu(make.conv(x, "much", (20, 4, 1, 1)))
    scale, shift = (make.constant(name, np.ones(20, np.float32)) for name in ("scale", "shift"))
    x = make.node("InstanceNormalization", [x, scale, shift], "normal")
    pooled = make.node("GlobalAveragePool", [x], "pool")
    gate = make.node("Sigmoid", [make.relu(make.conv(pooled, "squeeze", (20, 20, 1, 1)))], "gate")
    make.conv(make.conv(gate, "one_pixel", (20, 20, 1, 1)), "y", (5, 20, 1, 1))
    content = model_of(make, (3, 8, 8), (5, 1, 1))
    for block, few, much, one in ((16, 16, 20, 32), (8, 8, 24, 24)):
        wide = widen_channels(content, block)
        graph = OnnxGraph(wide)
        convolutions = [node for node in graph.nodes if node.op_type == "Conv"]
        made = [len(graph.constants[node.input[1]]) for node in convolutions]
        # 20 -> 32 is too much for a map, and nothing for one pixel; the network's own 5 stay
        first = 32 if block == 16 else 24
        assert made == [first, first, few, much, one, one, 5]
        (normal,) = (node for node in graph.nodes if node.op_type == "InstanceNormalization")
        assert [graph.constants[name].shape for name in normal.input[1:]] == [(much,)] * 2
        found, wanted = (run(each) for each in (wide, content))
        assert np.abs(found - wanted).max() < 1e-5


def test_attention_stays_in_blocks(tiny_spec: ModelSpec, crops: NDArray[np.uint8]) -> None:
    content = small_network(tiny_spec)
    reordered = reorder_for_blocks(content)
    assert kinds(reordered) == kinds(content)
    graph = OnnxGraph(reordered)
    for block in ("block1", "block2"):
        (copied,) = (node for node in graph.nodes if node.name == f"/{block}.sge.sigmoid")
        assert graph.producer[copied.input[0]].name == f"/{block}.sge.spread"
    blocked = enlarge_gates(reordered, 8)
    assert kinds(blocked) == kinds(content) + Counter(Resize=4)  # SGE's mean and SE's, twice
    batch = onnx.load_model_from_string(content).graph.input[0].type.tensor_type.shape.dim[0]
    stated = onnx.load_model_from_string(blocked).graph.value_info
    assert {each.type.tensor_type.shape.dim[0].dim_param for each in stated} == {batch.dim_param}
    found, wanted = (NetworkRun(each).output(crops, tiny_spec.input) for each in (blocked, content))
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_factors_that_do_not_fill_blocks_or_are_quantised_stay(tiny_spec: ModelSpec) -> None:
    content = small_network(tiny_spec)
    assert kinds(enlarge_gates(content, 32)) == kinds(content)  # of 16 channels
    graph = OnnxGraph(content)
    for node in graph.nodes:
        if node.op_type == "Mul":
            node.input[:] = [f"{name}.dequantized" for name in node.input]
    made = {name for node in graph.nodes for name in node.input if name.endswith(".dequantized")}
    scale = graph.add_constant("scale", np.array(0.1, np.float32))
    zero = graph.add_constant("zero", np.array(0, np.uint8))
    pairs = []
    for name in sorted(made):
        source = name.removesuffix(".dequantized")
        kept = [f"{source}.quantized", scale, zero]
        pairs.append(helper.make_node("QuantizeLinear", [source, scale, zero], kept[:1]))
        pairs.append(helper.make_node("DequantizeLinear", kept, [name]))
    graph.rebuild([*graph.nodes, *pairs])
    quantised = graph.finish()
    assert kinds(enlarge_gates(quantised, 8)) == kinds(quantised)


def test_factors_of_another_batch_or_beside_the_blocks_stay() -> None:
    make = Maker("x")
    x = make.relu(make.conv("x", "first", (16, 3, 3, 3)))
    halves = make.constant("halves", np.array([-1, 8, 8, 8], np.int64))
    folded = make.node("Reshape", [x, halves], "folded")  # (n, 16, 8, 8) -> (2 n, 8, 8, 8)
    gate = make.node("GlobalAveragePool", [folded], "gate")
    back = make.constant("back", np.array([-1, 16, 8, 8], np.int64))
    y = make.node("Reshape", [make.node("Mul", [folded, gate], "gated"), back], "together")
    slope = make.constant("slope", np.full((16, 1, 1), 0.1, np.float32))
    z = make.node("PRelu", [y, slope], "prelu")
    make.node("Mul", [z, make.node("GlobalAveragePool", [z], "pool")], "y")
    content = model_of(make, (3, 8, 8), (16, 8, 8))
    assert kinds(enlarge_gates(content, 8)) == kinds(content)


def test_a_sum_of_a_sum_with_itself_stays() -> None:
    make = Maker("x")
    x = make.relu(make.conv("x", "first", (8, 3, 1, 1)))
    pair = [make.conv(x, name, (8, 8, 3, 3)) for name in ("a", "b")]
    inner = make.node("Add", pair, "inner")
    make.node("Add", [inner, inner], "y")
    content = model_of(make, (3, 8, 8), (8, 8, 8))
    assert np.abs(run(reorder_for_blocks(content)) - run(content)).max() == 0.0


def test_a_shortcut_is_added_to_the_first_of_two_branches() -> None:
    make = Maker("x")
    x = make.relu(make.conv("x", "first", (8, 3, 1, 1)))
    pair = [make.conv(x, name, (8, 8, 3, 3)) for name in ("a", "b")]
    make.node("Add", [x, make.node("Add", pair, "inner")], "y")
    content = model_of(make, (3, 8, 8), (8, 8, 8))
    reordered = reorder_for_blocks(content)
    sums = [node for node in OnnxGraph(reordered).nodes if node.op_type == "Add"]
    assert [sorted(node.input) for node in sums] == [["a", x], ["b", "inner"]]
    assert np.abs(run(reordered) - run(content)).max() < 1e-5


def run(content: bytes) -> NDArray[np.float32]:
    import onnxruntime

    values = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": values})[0])


def test_constants_are_folded() -> None:
    make = Maker("x")
    value = numpy_helper.from_array(np.full((3, 1, 1), 2.0, np.float32))
    make.node("Constant", [], "two", value=value)
    make.node("Identity", ["two"], "same")
    make.node("Mul", ["same", "two"], "four")
    make.node("Mul", ["x", "four"], "scaled")
    make.node("Identity", ["scaled"], "y")
    content = model_of(make, (3, 8, 8), (3, 8, 8))
    folded = fold_constants(content)
    assert kinds(folded) == {"Mul": 1, "Identity": 1}
    assert (OnnxGraph(folded).constants["four"] == 4.0).all()
    assert (run(folded) == run(content)).all()


@pytest.mark.parametrize("opset", [11, 13, 17, 19])
def test_products_of_activations_become_sums(opset: int) -> None:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("a", ["n", 7, 3]), ("b", ["n", 3, 5]), ("c", ["n", 7, 5]))
    ]
    wide = helper.make_tensor_value_info("d", TensorProto.FLOAT, ["n", 5, 5])
    nodes = [
        helper.make_node("MatMul", ["a", "b"], ["c"], "narrow"),
        helper.make_node("Transpose", ["c"], ["c.t"], "turn", perm=[0, 2, 1]),
        helper.make_node("MatMul", ["c.t", "c"], ["d"], "wide"),
    ]
    graph = helper.make_graph(nodes, "products", values[:2], [values[2], wide])
    opsets = [helper.make_opsetid("", opset)]
    content = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    written = products_as_sums(content)
    assert kinds(written) == Counter(Split=2, Mul=3, Add=2, Transpose=1, MatMul=1)
    rng = np.random.default_rng(0)
    feed = {
        "a": rng.normal(size=(4, 7, 3)).astype(np.float32),
        "b": rng.normal(size=(4, 3, 5)).astype(np.float32),
    }
    found = ReferenceEvaluator(onnx.load_model_from_string(written)).run(None, feed)
    wanted = ReferenceEvaluator(onnx.load_model_from_string(content)).run(None, feed)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    assert products_as_sums(written) == written


@pytest.mark.parametrize("form", [typed_half, half_weights])
def test_a_decoder_behind_the_network_stays_fp32(
    tiny_spec: ModelSpec, crops: NDArray[np.uint8], form: Callable[[bytes], bytes]
) -> None:
    model = onnx.load_model_from_string(small_network(tiny_spec))
    basis = np.random.default_rng(4).normal(0.0, 1e6, (62, 9)).astype(np.float32)  # FP16: infinite
    model.graph.initializer.append(numpy_helper.from_array(basis, "basis"))
    model.graph.node.append(helper.make_node("MatMul", [tiny_spec.output.name, "basis"], ["raw"]))
    model.graph.node.append(helper.make_node("Neg", ["raw"], ["points"]))
    model.graph.output.append(helper.make_tensor_value_info("points", TensorProto.FLOAT, ["n", 9]))
    content = form(model.SerializeToString())
    (batch,) = NetworkRun(content).batches(crops, tiny_spec.input)
    np.testing.assert_allclose(batch[1], -batch[0] @ basis, rtol=1e-5, atol=1.0)
    types = {
        each.name: each.data_type for each in onnx.load_model_from_string(content).graph.initializer
    }
    assert types["basis"] == TensorProto.FLOAT
    assert TensorProto.FLOAT16 in types.values()


def test_numbers_beyond_fp16_are_refused() -> None:
    assert halved(np.array([65504.0, 1e-9], np.float32), "w").tolist() == [65504.0, 0.0]
    for bad in (7e4, np.inf, np.nan):
        with pytest.raises(BackendError, match="constant w: expected values within FP16's range"):
            halved(np.array([bad], np.float32), "w")
    make = Maker("x")
    make.conv("x", "y", (8, 3, 3, 3))
    large = numpy_helper.to_array(make.weights[0]) * 1e6
    make.weights[0].CopyFrom(numpy_helper.from_array(large, make.weights[0].name))
    with pytest.raises(BackendError, match=r"constant y\.w: .* use fp32"):
        half_weights(model_of(make, (3, 8, 8), (8, 8, 8)))
