"""Export a checkpoint to ONNX with its spec inside, and check it against PyTorch."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from frsdk.detector_spec import DetectorSpec
from frsdk.errors import SpecError
from frsdk.files import atomic_write
from frsdk.spec import METADATA_KEY, ModelSpec

from .counting import Counts, count_network

_OPSET = 17
_TOLERANCE = 1e-4  # largest difference of whitened parameters, or of a detector's values
_PARITY_BATCHES = (1, 5)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export gave.

    Attributes:
        path: The ONNX file.
        counts: Parameters and operations, as `count_network` has them.
        nodes: Nodes of the graph.
        largest_difference: Between ONNX Runtime and PyTorch, whitened parameters, over all batches.
    """

    path: Path
    counts: Counts
    nodes: int
    largest_difference: float


def export_onnx(network: nn.Module, spec: ModelSpec | DetectorSpec, path: Path) -> ExportReport:
    """Write an ONNX file with a dynamic batch and the spec in its metadata.

    The graph is compared with PyTorch at batches 1 and 5 before anything is written.

    Raises:
        SpecError: ONNX Runtime and PyTorch disagree; no file is left.
        OutputError: The file cannot be written.
    """
    model = onnx.load_model_from_string(_traced(network.eval(), spec))
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, spec.to_json()
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    difference = parity(network, spec, content)
    if not difference <= _TOLERANCE:
        path.unlink(missing_ok=True)
        raise SpecError(
            f"{path}: ONNX Runtime and PyTorch differ by {difference:.2e} (allowed {_TOLERANCE}): "
            "not written"
        )
    atomic_write(path, content)
    counts = count_network(network, spec.input.size)
    return ExportReport(path, counts, len(model.graph.node), difference)


def parity(network: nn.Module, spec: ModelSpec | DetectorSpec, content: bytes) -> float:
    """Largest absolute difference of the outputs over seeded batches of 1 and 5."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    largest = 0.0
    for batch in _PARITY_BATCHES:
        rng = np.random.default_rng(batch)
        crops = rng.uniform(-1.0, 1.0, (batch, *spec.input.shape)).astype(np.float32)
        (got,) = session.run([spec.output.name], {spec.input.name: crops})
        with torch.no_grad():
            wanted = network(torch.from_numpy(crops)).numpy()
        largest = max(largest, float(np.abs(got - wanted).max()))
    return largest


def _traced(network: nn.Module, spec: ModelSpec | DetectorSpec) -> bytes:
    buffer = io.BytesIO()
    example = torch.zeros(2, *spec.input.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecation notices
        torch.onnx.export(
            network,
            (example,),
            buffer,  # type: ignore[arg-type]  # torch's stub omits the file objects it takes
            dynamo=False,
            opset_version=_OPSET,
            input_names=[spec.input.name],
            output_names=[spec.output.name],
            dynamic_axes={spec.input.name: {0: "batch"}, spec.output.name: {0: "batch"}},
        )
    return buffer.getvalue()
