"""ONNX files that a build must refuse, in one line each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frsdk.engines.graphs.network_file import read_network
from frsdk.errors import BackendError, FrsdkError, SpecError
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec

onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

Change = Callable[[Callable[[Any], None]], Path]


def refused(path: Path, kind: type[FrsdkError], match: str) -> None:
    with pytest.raises(kind, match=match) as caught:
        read_network(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_network_comes_with_its_spec(tiny_onnx: Path, tiny_spec: ModelSpec) -> None:
    network = read_network(tiny_onnx)
    assert network.spec == tiny_spec
    assert (network.content, network.nodes) == (tiny_onnx.read_bytes(), 3)
    assert len(network.sha256) == 64


def test_missing_and_damaged_files(tmp_path: Path, tiny_onnx: Path) -> None:
    refused(tmp_path / "absent.onnx", BackendError, "cannot be read")
    path = tmp_path / "bad.onnx"
    content = tiny_onnx.read_bytes()
    path.write_bytes(b"")
    refused(path, BackendError, "without a network")
    path.write_bytes(content[: len(content) // 2])
    refused(path, BackendError, "not an ONNX file")
    path.write_bytes(b"\xff" * 100)
    refused(path, BackendError, "not an ONNX file")


def test_a_network_without_spec(changed_onnx: Change) -> None:
    refused(changed_onnx(lambda m: m.metadata_props.clear()), SpecError, "no specification inside")

    def newer(model: Any) -> None:
        (entry,) = (each for each in model.metadata_props if each.key == METADATA_KEY)
        entry.value = entry.value.replace('"schema_version": 1', '"schema_version": 7')

    refused(changed_onnx(newer), SpecError, "newer frsdk")


def external(location: str) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return change


@pytest.mark.parametrize(
    ("location", "match"),
    [
        ("weights.bin", "tensor w: its data file 'weights.bin' is missing"),
        ("../weights.bin", "outside the model's folder .* refused"),
        ("a/../../weights.bin", "outside the model's folder"),
        ("/etc/passwd", "outside the model's folder"),
        ("..\\weights.bin", "outside the model's folder"),
        ("C:\\weights.bin", "outside the model's folder"),
        ("", "outside the model's folder"),
        ("beside.bin", "its data lies in another file .*save the network as one file"),
    ],
)
def test_external_data(changed_onnx: Change, tmp_path: Path, location: str, match: str) -> None:
    (tmp_path / "beside.bin").write_bytes(bytes(108 * 62 * 4))
    refused(changed_onnx(external(location)), BackendError, match)


def test_external_data_in_a_node_is_found(changed_onnx: Change) -> None:
    def change(model: Any) -> None:
        node = model.graph.node.add(op_type="Constant", output=["c"])
        attribute = node.attribute.add(name="value", type=onnx.AttributeProto.TENSOR)
        attribute.t.name = "hidden"
        attribute.t.data_location = onnx.TensorProto.EXTERNAL
        attribute.t.external_data.add(key="location", value="../secret")

    refused(changed_onnx(change), BackendError, "tensor hidden: its data lies outside")
