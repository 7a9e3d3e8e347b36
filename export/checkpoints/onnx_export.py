"""Export a checkpoint to ONNX with its spec inside, and check it against PyTorch."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from frsdk.backends.onnxruntime_session import open_session
from frsdk.errors import InputError, SpecError
from frsdk.morphable.face_model_match import reference_to
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import METADATA_KEY, DecoderSpec, ModelSpec
from frsdk.storage.atomic_write import atomic_write

from .count_operations import Counts, count_network
from .decoding_network import DecodingNetwork

DEFAULT_OPSET = 17
"""Of ONNX's operators: what ONNX Runtime and TensorRT of the last years read."""

OPSETS = range(11, 21)
"""Those that PyTorch's exporter by tracing writes."""

PARITY_BATCHES = (1, 5)
"""Numbers of faces at which an export is compared with PyTorch."""

_TOLERANCE = 1e-4  # largest difference of whitened parameters, or of a detector's values
_POINT_TOLERANCE = 1e-2  # of decoded points, crop pixels


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export gave.

    Attributes:
        path: The ONNX file.
        counts: Parameters and operations, as `count_network` has them.
        nodes: Nodes of the graph.
        largest_difference: Between ONNX Runtime and PyTorch, whitened parameters, over all batches.
        spec: What the file carries.
    """

    path: Path
    counts: Counts
    nodes: int
    largest_difference: float
    spec: ModelSpec | DetectorSpec


def export_onnx(
    network: nn.Module,
    spec: ModelSpec | DetectorSpec,
    path: Path,
    *,
    decoder: MorphableModel | None = None,
    opset: int = DEFAULT_OPSET,
    batch: int | None = None,
) -> ExportReport:
    """Write an ONNX file with the spec in its metadata.

    The graph is compared with PyTorch at batches 1 and 5, or at the fixed one, before anything is
    written.

    Args:
        network: Gives whitened parameters.
        spec: How to use it.
        path: The file to write.
        decoder: The network's face model, to put its decoder into the graph: landmarks and dense
            vertices in crop pixels become outputs too. None leaves it out.
        opset: Version of ONNX's operators.
        batch: Faces in every call, for runtimes without dynamic shapes; None takes any number.

    Raises:
        InputError: The opset is none that PyTorch exports here, or the batch is below 1.
        SpecError: ONNX Runtime and PyTorch disagree (no file is left), or the decoder is of
            another face model than the network.
        OutputError: The file cannot be written.
    """
    if opset not in OPSETS:
        raise InputError(f"expected an opset of {OPSETS[0]} to {OPSETS[-1]}, got opset {opset}")
    if batch is not None and batch < 1:
        raise InputError(f"expected a batch of at least 1, got {batch}")
    bare = network
    if decoder is not None:
        if not isinstance(spec, ModelSpec):
            raise SpecError(f"{path}: a face detector has no decoder: leave --with-decoder out")
        network = DecodingNetwork(network, spec, decoder)
        spec = spec.replace(decoder=DecoderSpec(), face_model=reference_to(decoder))
    model = onnx.load_model_from_string(_traced(network.eval(), spec, opset, batch))
    _state_outputs(model, spec, batch)
    _state_enlarged(model)
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, spec.to_json()
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    difference = parity(network, spec, content, batches=(batch,) if batch else PARITY_BATCHES)
    if not difference <= _TOLERANCE:
        path.unlink(missing_ok=True)
        raise SpecError(
            f"{path}: ONNX Runtime and PyTorch differ by {difference:.2e} (allowed {_TOLERANCE}): "
            "not written"
        )
    atomic_write(path, content)
    counts = count_network(bare, spec.input.size)
    return ExportReport(path, counts, len(model.graph.node), difference, spec)


def parity(
    network: nn.Module,
    spec: ModelSpec | DetectorSpec,
    content: bytes,
    *,
    batches: Sequence[int] = PARITY_BATCHES,
) -> float:
    """Largest difference of the outputs over seeded batches.

    Points that the graph decodes are brought to the scale of whitened parameters: their allowed
    difference counts as that of the parameters.
    """
    session = open_session(content)
    scales = (1.0, *[_TOLERANCE / _POINT_TOLERANCE] * 2)
    largest = 0.0
    for batch in batches:
        rng = np.random.default_rng(batch)
        crops = rng.uniform(-1.0, 1.0, (batch, *spec.input.shape)).astype(np.float32)
        found = session.run(_output_names(spec), {spec.input.name: crops})
        with torch.no_grad():
            wanted = network(torch.from_numpy(crops))
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        for got, want, scale in zip(found, wanted, scales, strict=False):
            largest = max(largest, float(np.abs(got - want.numpy()).max()) * scale)
    return largest


def _state_outputs(
    model: onnx.ModelProto, spec: ModelSpec | DetectorSpec, batch: int | None
) -> None:
    """Name the outputs' sizes as the spec does; the exporter calls them after nodes."""
    shapes = {spec.output.name: spec.output.shape}
    if isinstance(spec, ModelSpec):
        shapes = spec.output_shapes
    for value in model.graph.output:
        sizes = value.type.tensor_type.shape.dim
        for size, wanted in zip(sizes, (batch or "batch", *shapes[value.name]), strict=True):
            size.Clear()
            if isinstance(wanted, int):
                size.dim_value = wanted
            else:
                size.dim_param = wanted


def _state_enlarged(model: onnx.ModelProto) -> None:
    """Write the shapes of enlarged maps into a model: inference loses the name of their batch.

    ONNX Runtime adds two maps in its blocked layout, and within a convolution, only where it knows
    that they have one size.
    """
    graph = model.graph
    batch = graph.input[0].type.tensor_type.shape.dim[0]
    for node in graph.node:
        if node.op_type != "Resize":
            continue
        # Anew for each: what one states leads to the next.
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        shapes = {each.name: each for each in (*inferred.value_info, *graph.input)}
        source, enlarged = (shapes.get(name) for name in (node.input[0], node.output[0]))
        if source is None or enlarged is None:
            continue
        if _first_size(source) != batch:  # a batch that was folded into other axes, for example
            continue
        enlarged.type.tensor_type.shape.dim[0].CopyFrom(batch)
        kept = [each for each in graph.value_info if each.name != enlarged.name]
        del graph.value_info[:]
        graph.value_info.extend([*kept, enlarged])


def _first_size(value: onnx.ValueInfoProto) -> onnx.TensorShapeProto.Dimension | None:
    sizes = value.type.tensor_type.shape.dim
    return sizes[0] if sizes else None


def _output_names(spec: ModelSpec | DetectorSpec) -> list[str]:
    decoder = spec.decoder if isinstance(spec, ModelSpec) else None
    return [spec.output.name, *([decoder.landmarks, decoder.vertices] if decoder else [])]


def _traced(
    network: nn.Module, spec: ModelSpec | DetectorSpec, opset: int, batch: int | None
) -> bytes:
    buffer = io.BytesIO()
    example = torch.zeros(batch or 2, *spec.input.shape)
    names = (spec.input.name, *_output_names(spec))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecation notices
        try:
            torch.onnx.export(
                network,
                (example,),
                buffer,  # type: ignore[arg-type]  # torch's stub omits the file objects it takes
                dynamo=False,
                opset_version=opset,
                input_names=[spec.input.name],
                output_names=_output_names(spec),
                dynamic_axes={} if batch else {name: {0: "batch"} for name in names},
            )
        except (ValueError, RuntimeError) as error:
            raise InputError(
                f"PyTorch does not export this network with opset {opset} "
                f"({' '.join(str(error).split())[:200]}): leave --opset out"
            ) from error
    return buffer.getvalue()
