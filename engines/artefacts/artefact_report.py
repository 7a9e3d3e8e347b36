"""Say what an artefact holds: its specification, layers and precisions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any  # values of a JSON document, and torch, which has its own types

from frsdk.engine_files.engine_file import read_engine
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.installation.optional_packages import missing_package
from frsdk.specs.detector_spec import DetectorSpec, spec_from_json
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec
from frsdk.storage.torch_file import TorchFileError, read_torch_file

from ..graphs.network_file import checked_model, read_content


@dataclass(frozen=True, slots=True)
class ArtefactReport:
    """What an artefact holds.

    Attributes:
        path: The file.
        kind: ``"onnx"``, ``"engine"`` or ``"checkpoint"``.
        size_bytes: Of the file.
        spec: How to use the network or the face detector.
        layers: Nodes or layers by type; for a checkpoint, tensors by the module's first name.
        precisions: ONNX: weights by type; engine: layers by the type that they put out; checkpoint:
            tensors by type.
        engine: The engine's header without spec, layers and precisions; None for other kinds.
    """

    path: Path
    kind: str
    size_bytes: int
    spec: ModelSpec | DetectorSpec
    layers: dict[str, int]
    precisions: dict[str, int]
    engine: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**found, "path": str(self.path), "spec": json.loads(self.spec.to_json())}

    def lines(self) -> Iterator[str]:
        """For people: one fact a line."""
        spec = self.spec
        yield f"{self.path}: {self.kind}, {self.size_bytes / 1e6:.2f} MB"
        yield f"architecture: {spec.architecture.name} {dict(spec.architecture.arguments) or ''}"
        yield from _precision_lines(spec)
        entry = spec.input
        yield (
            f"input: {entry.name} (n, {', '.join(map(str, entry.shape))}) {entry.colour_order}, "
            f"mean {list(entry.mean)}, std {list(entry.std)}"
        )
        yield from _output_lines(spec)
        for name, value in (self.engine or {}).items():
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"
        yield f"layers: {_counts(self.layers)}"
        yield f"precisions: {_counts(self.precisions)}"


def _precision_lines(spec: ModelSpec | DetectorSpec) -> Iterator[str]:
    calibration = f"calibration: {spec.calibration_digest or 'none'}"
    if isinstance(spec, DetectorSpec):
        yield f"precision: {spec.precision}, {calibration}"
        return
    bits = "" if spec.weight_bits is None else f", weights of {spec.weight_bits} bits"
    yield f"precision: {spec.precision}{bits}, {calibration}"
    yield f"accuracy: {spec.accuracy.line() if spec.accuracy else 'not measured'}"


def _output_lines(spec: ModelSpec | DetectorSpec) -> Iterator[str]:
    """What comes out, what it belongs to, and what may be done with it."""
    licence = f"licence: {spec.licence or 'none given'}"
    if isinstance(spec, DetectorSpec):
        yield f"output: {spec.output.name} (n, {', '.join(map(str, spec.output.shape))})"
        yield f"face detector: scores from {spec.min_score}, overlaps up to {spec.max_iou}"
        yield licence
        return
    for name, shape in spec.output_shapes.items():
        what = "whitened" if name == spec.output.name else "in crop pixels"
        yield f"output: {name} (n, {', '.join(map(str, shape))}) {what}"
    model = spec.face_model
    yield f"face model: {model.name} ({model.sha256[:12]}), {model.n_vertices} vertices"
    yield f"crop rule: {spec.crop_rule}, {licence}"


def inspect_artefact(path: Path) -> ArtefactReport:
    """Read an `.onnx`, `.engine` or `.pth` file, of a network or of a face detector.

    Raises:
        InputError: Its suffix is another.
        BackendError: It is missing or damaged.
        SpecError: It has no specification, or a wrong one.
        MissingDependencyError: It is a checkpoint and PyTorch is not installed.
    """
    readers = {".onnx": _read_onnx, ".engine": _read_engine, ".pth": _read_checkpoint}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: expected a file that ends in {', '.join(readers)}")
    return reader(path)


def _read_onnx(path: Path) -> ArtefactReport:
    import onnx

    content = read_content(path)
    model, spec = checked_model(content, source=str(path), folder=path.parent)
    graph = model.graph
    types = (onnx.TensorProto.DataType.Name(each.data_type) for each in graph.initializer)
    return ArtefactReport(
        path=path,
        kind="onnx",
        size_bytes=len(content),
        spec=spec_from_json(spec, source=str(path)),
        layers=_sorted(Counter(node.op_type for node in graph.node)),
        precisions=_sorted(Counter(types)),
    )


def _read_engine(path: Path) -> ArtefactReport:
    header = read_engine(path).header
    facts: dict[str, Any] = json.loads(header.to_json())
    for name in ("spec", "layers", "precisions"):
        del facts[name]
    return ArtefactReport(
        path=path,
        kind="engine",
        size_bytes=path.stat().st_size,
        spec=header.spec,
        layers=dict(header.layers),
        precisions=dict(header.precisions),
        engine=facts,
    )


def _read_checkpoint(path: Path) -> ArtefactReport:
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        title = f"{path}: a checkpoint needs PyTorch, which"
        raise missing_package(error, "torch", "export", title=title) from error
    try:
        content = read_torch_file(path)
    except TorchFileError as error:
        raise BackendError(f"{path}: not a checkpoint ({error}): train it again") from error
    held = content if isinstance(content, dict) else {}
    spec, tensors = held.get(METADATA_KEY), held.get("state")
    if not isinstance(spec, str) or not isinstance(tensors, dict):
        raise SpecError(f"{path}: a checkpoint without a spec: make one with frsdk-train")
    if not all(isinstance(each, torch.Tensor) for each in tensors.values()):
        raise SpecError(f"{path}: its weights are no tensors: train it again")
    types = (str(each.dtype).removeprefix("torch.") for each in tensors.values())
    return ArtefactReport(
        path=path,
        kind="checkpoint",
        size_bytes=path.stat().st_size,
        spec=spec_from_json(spec, source=str(path)),
        layers=_sorted(Counter(str(name).partition(".")[0] for name in tensors)),
        precisions=_sorted(Counter(types)),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
