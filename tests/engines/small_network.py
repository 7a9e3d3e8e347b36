"""A seeded network with one of each thing that the precision passes treat: 120x120 -> 62."""

from __future__ import annotations

from typing import Any  # arrays of several types

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from frsdk.specs.model_spec import METADATA_KEY, ModelSpec

SEED = 5


class Maker:
    """Collects nodes and weights."""

    def __init__(self, input_name: str) -> None:
        self.random = np.random.default_rng(SEED)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.last = input_name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], f"/{name}", **attributes))
        return name

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def conv(self, x: str, name: str, shape: tuple[int, ...], *, stride: int = 1) -> str:
        """He-scaled weights; a kernel of one input channel is depthwise."""
        outputs, inputs, side, _ = shape
        spread = (2 / (inputs * side * side)) ** 0.5
        kernel = self.random.normal(0, spread, shape).astype(np.float32)
        bias = self.random.normal(0, 0.1, outputs).astype(np.float32)
        return self.node(
            "Conv",
            [x, self.constant(f"{name}.w", kernel), self.constant(f"{name}.b", bias)],
            name,
            group=outputs if inputs == 1 else 1,
            kernel_shape=[side, side],
            pads=[side // 2] * 4,
            strides=[stride, stride],
        )

    def relu(self, x: str) -> str:
        return self.node("Relu", [x], f"{x}.relu")

    def branch(self, x: str, name: str, channels: int, hidden: int, side: int) -> str:
        x = self.relu(self.conv(x, f"{name}.expand", (hidden, channels, 1, 1)))
        x = self.relu(self.conv(x, f"{name}.depthwise", (hidden, 1, side, side)))
        return self.conv(x, f"{name}.project", (channels, hidden, 1, 1))

    def spatial_gate(self, x: str, name: str, channels: int, groups: int) -> str:
        member = np.repeat(np.eye(groups, dtype=np.float32), channels // groups, axis=1)
        pooled = self.node("GlobalAveragePool", [x], f"{name}.pool")
        weighed = self.node("Mul", [x, pooled], f"{name}.weighed")
        gather = self.constant(f"{name}.gather.w", member[:, :, None, None])
        sums = self.node("Conv", [weighed, gather], f"{name}.gather")
        scale = self.constant(f"{name}.scale", np.full(groups, 0.5, np.float32))
        shift = self.constant(f"{name}.shift", np.ones(groups, np.float32))
        normal = self.node("InstanceNormalization", [sums, scale, shift], f"{name}.normal")
        gate = self.node("Sigmoid", [normal], f"{name}.sigmoid")
        spread = self.constant(f"{name}.spread.w", member.T[:, :, None, None])
        return self.node("Mul", [x, self.node("Conv", [gate, spread], f"{name}.spread")], name)

    def channel_gate(self, x: str, name: str, channels: int) -> str:
        pooled = self.node("GlobalAveragePool", [x], f"{name}.pool")
        hidden = self.relu(self.conv(pooled, f"{name}.squeeze", (channels, channels, 1, 1)))
        gate = self.node(
            "Sigmoid",
            [self.conv(hidden, f"{name}.excite", (channels, channels, 1, 1))],
            f"{name}.s",
        )
        return self.node("Mul", [x, gate], name)


def small_network(spec: ModelSpec) -> bytes:
    """A stem, a two-branch block with both gates on 15x15 pixels and on 8x8, a last layer."""
    make = Maker(spec.input.name)
    x = make.relu(make.conv(spec.input.name, "stem", (16, 3, 3, 3), stride=4))  # 30x30
    x = make.relu(make.conv(x, "early", (16, 1, 3, 3), stride=2))  # 15x15
    for name, stride in (("block1", 2), ("block2", 1)):
        pair = [make.branch(x, f"{name}.{side}", 16, 16, side) for side in (3, 5)]
        y = make.node("Add", pair, f"{name}.sum")
        y = make.spatial_gate(y, f"{name}.sge", 16, 4)
        y = make.node("Add", [x, y], f"{name}.out")
        x = make.channel_gate(y, f"{name}.se", 16)
        if stride == 2:
            x = make.relu(make.conv(x, f"{name}.down", (16, 16, 1, 1), stride=2))  # 8x8
    x = make.node("Flatten", [make.node("GlobalAveragePool", [x], "pool")], "flat")
    matrix = make.random.normal(0, 0.5, (62, 16)).astype(np.float32)
    bias = make.constant("regress.b", np.zeros(62, np.float32))
    make.node("Gemm", [x, make.constant("regress.w", matrix), bias], spec.output.name, transB=1)
    shape = ["n", *spec.input.shape]
    graph = helper.make_graph(
        make.nodes,
        "small",
        [helper.make_tensor_value_info(spec.input.name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(spec.output.name, TensorProto.FLOAT, ["n", 62])],
        make.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: spec.to_json()})
    return bytes(model.SerializeToString())


def smooth_crops() -> NDArray[np.uint8]:
    """120 smooth seeded pictures (120, 120, 120, 3): no noise, which would average out."""
    random = np.random.default_rng(2)
    coarse = random.integers(0, 256, (120, 6, 6, 3), np.uint8)
    return coarse.repeat(20, axis=1).repeat(20, axis=2)
