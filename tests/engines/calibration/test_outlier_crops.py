"""Crops that a network amplifies far beyond what others reach."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

from onnx import TensorProto, helper, numpy_helper

from frsdk.engines.calibration.outlier_crops import outlier_crops
from frsdk.specs.model_spec import ModelSpec


def network(spec: ModelSpec, *, relu: bool = True) -> bytes:
    """Takes the input's first channel times 1, and a ReLU of it where asked."""
    kernel = np.zeros((1, 3, 1, 1), np.float32)
    kernel[0, 0] = 1.0
    name = spec.input.name
    nodes = [helper.make_node("Conv", [name, "w"], ["conv" if relu else "y"], "/conv")]
    if relu:
        nodes.append(helper.make_node("Relu", ["conv"], ["y"], "/relu"))
    shape = ["n", *spec.input.shape]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, 120, 120])],
        [numpy_helper.from_array(kernel, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def crops(bright: list[int], count: int = 200) -> NDArray[np.uint8]:
    """Grey a little above the middle, and a few that are white: 8 times as far above it."""
    made = np.full((count, 120, 120, 3), 128 + 15, np.uint8)
    made[bright] = 255
    return made


def test_the_crops_that_run_away_are_found(tiny_spec: ModelSpec) -> None:
    found = outlier_crops(network(tiny_spec), crops([3, 150]), tiny_spec.input)
    assert np.flatnonzero(found).tolist() == [3, 150]
    assert not outlier_crops(network(tiny_spec), crops([]), tiny_spec.input).any()


def test_what_is_frequent_is_no_accident(tiny_spec: ModelSpec) -> None:
    found = outlier_crops(network(tiny_spec), crops(list(range(0, 200, 4))), tiny_spec.input)
    assert found.sum() == 4  # one in 50


def test_a_network_without_relu_keeps_all_crops(tiny_spec: ModelSpec) -> None:
    found = outlier_crops(network(tiny_spec, relu=False), crops([3]), tiny_spec.input)
    assert found.shape == (200,) and not found.any()
