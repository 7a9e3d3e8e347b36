"""Read an ONNX file for a build: one whole file with a specification, nothing outside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships none

from frsdk.errors import BackendError, SpecError
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec

from .onnx_graph import first_size

_MOST_BYTES = 1 << 31  # protobuf's limit


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A checked network.

    Attributes:
        source: The file, as messages name it.
        content: The serialised ONNX model.
        sha256: Digest of the content.
        spec: Its specification.
        nodes: Nodes of the graph.
    """

    source: str
    content: bytes
    sha256: str
    spec: ModelSpec
    nodes: int


def read_network(path: Path) -> NetworkFile:
    """Read an ONNX file with its specification.

    Raises:
        BackendError: The file is missing or no ONNX model, or keeps weights in other files.
        SpecError: It has no specification, or a wrong one.
    """
    return network_from_bytes(read_content(path), source=str(path), folder=path.parent)


def fixed_batch(network: NetworkFile) -> int | None:
    """The one batch size that a network takes, or None where it takes any."""
    size = first_size(onnx.load_from_string(network.content).graph.input[0])
    return size if isinstance(size, int) else None


def read_content(path: Path) -> bytes:
    """The bytes of an ONNX file.

    Raises:
        BackendError: The file is missing, or larger than such a file can be.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BackendError(f"{path}: not an ONNX file: larger than the format's 2 GiB")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BackendError(f"{path}: cannot be read ({reason}): give an .onnx file") from error


def network_from_bytes(content: bytes, *, source: str, folder: Path) -> NetworkFile:
    """Check a serialised ONNX model.

    Args:
        content: The model.
        source: What it came from, for messages.
        folder: Where the model lies, to say whether its external data does.

    Raises:
        BackendError: It is no ONNX model, or keeps weights in other files.
        SpecError: It has no specification, or a wrong one.
    """
    model, text = checked_model(content, source=source, folder=folder)
    spec = ModelSpec.from_json(text, source=source)
    digest = hashlib.sha256(content).hexdigest()
    return NetworkFile(source, content, digest, spec, len(model.graph.node))


def checked_model(content: bytes, *, source: str, folder: Path) -> tuple[onnx.ModelProto, str]:
    """Check a serialised ONNX model of any kind; returns it and its specification's JSON.

    Args:
        content: The model.
        source: What it came from, for messages.
        folder: Where the model lies.

    Raises:
        BackendError: As :func:`network_from_bytes`.
        SpecError: It has no specification.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise BackendError(f"{source}: not an ONNX file: export it with frsdk-export") from error
    if not model.graph.node:
        raise BackendError(f"{source}: an ONNX file without a network: export it again")
    _refuse_external_data(model, source, folder)
    texts = [entry.value for entry in model.metadata_props if entry.key == METADATA_KEY]
    if not texts:
        raise SpecError(
            f"{source}: no specification inside (metadata key {METADATA_KEY}): "
            "export the network with frsdk-export"
        )
    return model, texts[0]


def with_spec(network: NetworkFile, spec: ModelSpec) -> NetworkFile:
    """The same network with another specification."""
    model = onnx.load_model_from_string(network.content)
    for entry in model.metadata_props:
        if entry.key == METADATA_KEY:
            entry.value = spec.to_json()
    content = bytes(model.SerializeToString(deterministic=True))
    return replace(network, content=content, sha256=hashlib.sha256(content).hexdigest(), spec=spec)


def _refuse_external_data(model: onnx.ModelProto, source: str, folder: Path) -> None:
    for tensor in _tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        remedy = "save the network as one file (onnx.save of onnx.load does)"
        if _leaves_the_folder(location):
            cause = f"its data lies outside the model's folder ({location!r}), which is refused"
        elif not (folder / location).is_file():
            cause = f"its data file {location!r} is missing"
        else:
            cause = f"its data lies in another file ({location!r})"
        raise BackendError(f"{source}: tensor {tensor.name}: {cause}: {remedy}")


def _leaves_the_folder(location: str) -> bool:
    parts = {*PurePosixPath(location).parts, *PureWindowsPath(location).parts}
    rooted = PurePosixPath(location).is_absolute() or PureWindowsPath(location).anchor
    return not location or bool(rooted) or ".." in parts


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from _graph_tensors(model.graph)
    for function in model.functions:
        yield from _node_tensors(function.node)


def _graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: object) -> Iterator[onnx.TensorProto]:
    for node in nodes:  # type: ignore[attr-defined]  # protobuf's repeated field
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _graph_tensors(graph)
