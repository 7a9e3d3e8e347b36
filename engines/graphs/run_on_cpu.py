"""Run a network that is at hand as bytes, on the CPU, as numeric reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # ONNX Runtime has no types

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from frsdk.backends.onnxruntime_session import (
    CPU_PROVIDER,
    keep_int8_exact,
    load_onnxruntime,
    session_from,
)
from frsdk.imaging.face_crop import network_input
from frsdk.specs.model_spec import InputSpec, ModelSpec

FloatArray = NDArray[np.float32]

_BATCH = 16
_ERRORS_ONLY = 3


class NetworkRun:
    """An ONNX Runtime session on bytes, one thread, with chosen outputs.

    Args:
        content: A serialised ONNX model.
        tensors: Names of inner FP32 tensors to give out; None gives the model's outputs.
        as_written: Leave the graph as it is, so that each node rounds as its types say.

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
        BackendError: It cannot load the model.
    """

    def __init__(
        self, content: bytes, tensors: list[str] | None = None, *, as_written: bool = False
    ) -> None:
        if tensors is not None:
            content = _with_outputs(content, tensors)
        onnxruntime = load_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        keep_int8_exact(options)
        if as_written:
            level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.graph_optimization_level = level
        self._session: Any = session_from(
            content, options, "a graph in memory", providers=[CPU_PROVIDER]
        )
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        self._fixed = entry.shape[0] if isinstance(entry.shape[0], int) else None

    def batches(
        self, crops: NDArray[np.uint8], entry: InputSpec, names: list[str] | None = None
    ) -> Iterator[list[FloatArray]]:
        """The outputs for each few crops, in order.

        Args:
            crops: (n, size, size, 3) uint8 BGR.
            entry: How crops become the input.
            names: Of the outputs; None takes all in the model's order.
        """
        most = self._fixed or _BATCH
        for start in range(0, len(crops), most):
            part = list(crops[start : start + most])
            # A network of one batch size: the last face fills up.
            filled = part + part[-1:] * ((self._fixed or 0) - len(part))
            found = self._session.run(names, {self._input: network_input(filled, entry)})
            yield [each[: len(part)] for each in found] if len(filled) > len(part) else found

    def outputs(self, crops: NDArray[np.uint8], spec: ModelSpec) -> list[FloatArray]:
        """(n, ...) of each output that the specification names, for all crops."""
        parts = zip(*self.batches(crops, spec.input, list(spec.output_shapes)), strict=True)
        return [np.concatenate(part) for part in parts]

    def output(self, crops: NDArray[np.uint8], entry: InputSpec) -> FloatArray:
        """(n, ...) first output for all crops."""
        return np.concatenate([found[0] for found in self.batches(crops, entry)])


def _with_outputs(content: bytes, tensors: list[str]) -> bytes:
    model = onnx.load_model_from_string(content)
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in tensors
    )
    return bytes(model.SerializeToString())
