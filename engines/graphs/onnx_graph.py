"""An ONNX graph that precision passes can look around in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any  # attribute values and array types of several kinds

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference

from frsdk.errors import BackendError

Shape = tuple[int | None, ...]


class OnnxGraph:
    """The nodes and constants of a model, with who makes and who takes each tensor.

    Nodes are changed in place or replaced through :meth:`rebuild`; look-ups are as of the last
    rebuild.

    Attributes:
        model: The model that is edited.
        nodes: Its nodes in an order that runs.
        constants: Arrays by tensor name; :meth:`finish` writes them back.
    """

    def __init__(self, content: bytes) -> None:
        """Read a serialised model; nodes of type Constant become constants."""
        self.model = onnx.load_model_from_string(content)
        graph = self.model.graph
        self.constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        nodes = []
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = _constant(node)
            else:
                nodes.append(node)
        self.rebuild(nodes)
        self._batch = _batch_name(graph)
        self.shapes: dict[str, Shape] = {}
        self._batched: set[str] = set()
        self._infer_shapes()
        self._stated: dict[str, onnx.ValueInfoProto] = {}

    @property
    def inputs(self) -> list[str]:
        """Names of the graph's inputs."""
        return [each.name for each in self.model.graph.input if each.name not in self.constants]

    @property
    def outputs(self) -> list[str]:
        """Names of the graph's outputs."""
        return [each.name for each in self.model.graph.output]

    @property
    def opset(self) -> int:
        """Version of ONNX's own operators."""
        return opset_of(self.model)

    def rebuild(self, nodes: Iterable[onnx.NodeProto]) -> None:
        """Take other nodes and look up again who makes and takes what."""
        self.nodes = list(nodes)
        self.producer = {name: node for node in self.nodes for name in node.output}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                self.consumers.setdefault(name, []).append(node)

    def add_constant(self, name: str, value: NDArray[Any]) -> str:
        """Keep an array under a name of its own and return the name."""
        taken = 0
        unique = name
        while unique in self.constants:
            taken += 1
            unique = f"{name}_{taken}"
        self.constants[unique] = value
        return unique

    def batched(self, tensor: str) -> bool:
        """Whether the first axis of a tensor is known to be the batch of the first input."""
        return tensor in self._batched

    def state_shape(self, tensor: str, shape: Sequence[int | None]) -> None:
        """Write a batched float tensor's shape, without the batch, into the model.

        For tensors behind a node in which ONNX's own inference loses the name of the batch.
        """
        self._stated[tensor] = helper.make_tensor_value_info(
            tensor, onnx.TensorProto.FLOAT, [self._batch, *shape]
        )

    def only_consumer(self, tensor: str) -> onnx.NodeProto | None:
        """The one node that takes a tensor; None where several or none do, or it is an output."""
        takers = self.consumers.get(tensor, [])
        return takers[0] if len(takers) == 1 and tensor not in self.outputs else None

    def after_outputs(self) -> list[onnx.NodeProto]:
        """The nodes that compute further from an output, as a decoder behind the network does."""
        after, found = set(self.outputs), []
        for node in self.nodes:
            if after & set(node.input):
                found.append(node)
                after |= set(node.output)
        return found

    def channels(self, tensor: str) -> int | None:
        """Size of a tensor's axis 1, where it is known."""
        shape = self.shapes.get(tensor, ())
        return shape[1] if len(shape) > 1 else None

    def pixels(self, tensor: str) -> int | None:
        """Height times width of a 4-D tensor, where it is known."""
        shape = self.shapes.get(tensor, ())
        if len(shape) != 4 or shape[2] is None or shape[3] is None:
            return None
        return shape[2] * shape[3]

    def finish(self, *, same_shapes: bool = False) -> bytes:
        """The checked model as bytes: nodes in an order that runs, no constant without a taker.

        Args:
            same_shapes: Whether the shapes that the model states still hold, and stay stated.
        """
        graph = self.model.graph
        stated = [*(graph.value_info if same_shapes else ()), *self._stated.values()]
        nodes = _sorted(self._live_nodes(), {*self.inputs, *self.constants})
        self.rebuild(nodes)
        used = [name for name in self.constants if name in self.consumers or name in self.outputs]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(nodes)
        graph.value_info.extend(each for each in stated if each.name in self.producer)
        graph.initializer.extend(
            numpy_helper.from_array(np.asarray(self.constants[name]), name) for name in used
        )
        onnx.checker.check_model(self.model, full_check=True)
        return bytes(self.model.SerializeToString())

    def _live_nodes(self) -> list[onnx.NodeProto]:
        wanted, live = list(self.outputs), set[int]()
        while wanted:
            node = self.producer.get(wanted.pop())
            if node is not None and id(node) not in live:
                live.add(id(node))
                wanted.extend(node.input)
        return [node for node in self.nodes if id(node) in live]

    def _infer_shapes(self) -> None:
        graph = shape_inference.infer_shapes(self.model).graph
        for value in (*graph.input, *graph.value_info, *graph.output):
            sizes = value.type.tensor_type.shape.dim
            self.shapes[value.name] = tuple(
                size.dim_value if size.HasField("dim_value") else None for size in sizes
            )
            if self._batch and first_size(value) == self._batch:
                self._batched.add(value.name)


def opset_of(model: onnx.ModelProto) -> int:
    """Version of ONNX's own operators in a model; 0 where it has none."""
    return max((each.version for each in model.opset_import if not each.domain), default=0)


def _batch_name(graph: onnx.GraphProto) -> str | int | None:
    """What the first axis of the first input is called, or its size where that is fixed."""
    return first_size(graph.input[0]) if graph.input else None


def first_size(value: onnx.ValueInfoProto) -> str | int | None:
    """Size of a tensor's first axis, its name where any size fits, None of a scalar."""
    sizes = value.type.tensor_type.shape.dim
    return (sizes[0].dim_value or sizes[0].dim_param) if sizes else None


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """Value of a node's attribute, or the default where it is not set."""
    for each in node.attribute:
        if each.name == name:
            return helper.get_attribute_value(each)
    return default


def is_depthwise(node: onnx.NodeProto, weights: NDArray[Any]) -> bool:
    """Whether a convolution filters each channel by itself."""
    return bool(attribute(node, "group", 1) == len(weights) and weights.shape[1] == 1)


def unique_node_names(nodes: Sequence[onnx.NodeProto]) -> None:
    """Give nodes without a name, or with one already taken, a name of their own."""
    seen: Counter[str] = Counter()
    for node in nodes:
        name = node.name or node.output[0]
        seen[name] += 1
        node.name = name if seen[name] == 1 else f"{name}_{seen[name]}"


def _constant(node: onnx.NodeProto) -> NDArray[Any]:
    value = attribute(node, "value", None)
    if value is None:
        raise BackendError(
            f"node {node.name}: a Constant that is no tensor is not supported: "
            "export the network with frsdk-export"
        )
    return np.asarray(numpy_helper.to_array(value))


def _sorted(nodes: list[onnx.NodeProto], known: set[str]) -> list[onnx.NodeProto]:
    """Nodes such that each comes after those that it takes from, otherwise in their order."""
    known, left, done = {*known, ""}, list(nodes), list[onnx.NodeProto]()
    while left:
        ready = [node for node in left if known.issuperset(node.input)]
        if not ready:
            raise BackendError(f"node {left[0].name}: its input {list(left[0].input)} is not made")
        for node in left:
            if known.issuperset(node.input):
                done.append(node)
                known.update(node.output)
        left = [node for node in left if not known.issuperset(node.output)]
    return done
