"""Put QuantizeLinear and DequantizeLinear around tensors of a graph."""

from __future__ import annotations

from typing import Any, NamedTuple  # Any: values of a node's attributes

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from ..graphs.onnx_graph import OnnxGraph
from .tensor_range import Range

OPSET_OF_CHANNEL_SCALES = 13
"""Of ONNX, the first whose DequantizeLinear has an axis."""

_INT8_MAX = 127
_UINT8_MAX = 255
_SMALLEST_SCALE = 1e-8  # of a channel or tensor that is always 0
_SMALLEST_HALF_SCALE = 2.0**-20  # FP16 has four bits there


class Grid(NamedTuple):
    """How integers stand for numbers: (integer - zero_point) * scale."""

    scale: np.float32
    zero_point: np.int8 | np.uint8


def symmetric_grid(limits: Range) -> Grid:
    """INT8 with zero point 0: -127..127 span the larger side."""
    scale = max(abs(limits[0]), abs(limits[1])) / _INT8_MAX
    return Grid(np.float32(max(scale, _SMALLEST_SCALE)), np.int8(0))


def unsigned_grid(limits: Range) -> Grid:
    """UINT8 over the whole range, in which 0 is exact."""
    low, high = limits
    scale = max((high - low) / _UINT8_MAX, _SMALLEST_SCALE)
    zero_point = np.clip(round(-low / scale), 0, _UINT8_MAX)
    return Grid(np.float32(scale), np.uint8(zero_point))


class QdqWriter:
    """Adds nodes to a graph; each tensor is quantised once and shared.

    Attributes:
        nodes: What was added; hand it to `OnnxGraph.rebuild` with the others.
    """

    def __init__(
        self, graph: OnnxGraph, *, most: int = _INT8_MAX, half_scales: bool = False
    ) -> None:
        """Begin with nothing quantised.

        Args:
            graph: Takes the constants.
            most: Largest INT8 value of a weight, for example 64 for 7 bits.
            half_scales: Take only scales that FP16 has.
        """
        self._graph, self._most, self._half_scales = graph, most, half_scales
        self._done: dict[str, str] = {}
        self.nodes: list[onnx.NodeProto] = []

    def activation(self, tensor: str, grid: Grid) -> str:
        """Name of a tensor after quantisation; a second call gives the first one's result."""
        if tensor not in self._done:
            exact = self._representable(np.array(grid.scale))
            scale = self._graph.add_constant(f"{tensor}/scale", exact)
            zero = self._graph.add_constant(f"{tensor}/zero_point", np.array(grid.zero_point))
            pair = (f"{tensor}/quantized", f"{tensor}/dequantized")
            self._add("QuantizeLinear", [tensor, scale, zero], pair[0])
            self._add("DequantizeLinear", [pair[0], scale, zero], pair[1])
            self._done[tensor] = pair[1]
        return self._done[tensor]

    def weights(self, name: str) -> tuple[str, NDArray[np.float32]]:
        """Store a constant as INT8 with a scale per output channel (axis 0).

        Returns:
            Name of the constant after dequantisation, and the (n,) scales.
        """
        value = self._graph.constants[name]
        largest = np.abs(value).reshape(len(value), -1).max(axis=1)  # (n, ...) -> (n, rest)
        scale = np.maximum(largest / self._most, _SMALLEST_SCALE).astype(np.float32)
        scale = self._representable(scale)
        shape = (-1, *(1,) * (value.ndim - 1))  # (n,) -> (n, 1, ...)
        levels = np.clip(np.rint(value / scale.reshape(shape)), -self._most, self._most)
        return self._stored(name, levels.astype(np.int8), scale), scale

    def bias(self, name: str, scale: NDArray[np.float32]) -> str:
        """Store a bias as INT32 in the given scales, which are those of its sums.

        Returns:
            Name of the constant after dequantisation.
        """
        value = self._graph.constants[name].astype(np.float64)
        limits = np.iinfo(np.int32)
        levels = np.clip(np.rint(value / scale), limits.min, limits.max)
        return self._stored(name, levels.astype(np.int32), scale)

    def _representable(self, scale: NDArray[np.float32]) -> NDArray[np.float32]:
        """The nearest scale of the type that is written, at least its smallest."""
        if not self._half_scales:
            return scale
        return np.maximum(scale, _SMALLEST_HALF_SCALE).astype(np.float16).astype(np.float32)

    def _stored(
        self, name: str, levels: NDArray[np.int8] | NDArray[np.int32], scale: NDArray[np.float32]
    ) -> str:
        constant = self._graph.add_constant(f"{name}/quantized", levels)
        scales = self._graph.add_constant(f"{constant}/scale", scale)
        zeros = self._graph.add_constant(
            f"{constant}/zero_point", np.zeros(len(scale), levels.dtype)
        )
        output = f"{constant}/dequantized"
        self._add("DequantizeLinear", [constant, scales, zeros], output, axis=0)
        return output

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(
            helper.make_node(kind, inputs, [output], f"{output}/{kind}", **attributes)
        )
