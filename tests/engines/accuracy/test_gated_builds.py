"""Builds and conversions behind the accuracy gate: what is printed, kept, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

import onnx
from onnx import helper, numpy_helper

from frsdk.engine_files.engine_file import read_engine
from frsdk.engine_files.engine_header import EngineHeader
from frsdk.engines.accuracy.gate_defaults import GateOptions
from frsdk.engines.artefacts import convert_precision as precision_passes
from frsdk.engines.artefacts import gated_artefact as gated
from frsdk.engines.artefacts.build_artefact import build_artefact
from frsdk.engines.graphs.network_file import NetworkFile, read_network
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.engines.tensorrt.build_defaults import BuildOptions
from frsdk.errors import AccuracyError
from frsdk.specs.accuracy_spec import AccuracySpec

from .worse_network import BUILTIN, worse

Build = Callable[..., Result]


def convert_badly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = worse(tmp_path / "bad.onnx", 3.0).read_bytes()
    monkeypatch.setattr(
        "frsdk.engines.artefacts.convert_precision._float_form", lambda *arguments: bad
    )


def test_the_command_prints_stores_and_refuses(
    frsdk_build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out" / "a.onnx"
    path.parent.mkdir()
    command = [BUILTIN, "--target", "cpu", "--precision", "fp16", "-o", path]
    done = frsdk_build(*command)
    assert done.exit_code == 0, done.output
    assert "accuracy: NME " in done.stdout
    accuracy = read_network(path).spec.accuracy
    assert accuracy is not None
    assert abs(accuracy.nme_drift_points or 0.0) < 0.01
    assert (accuracy.crops >= 8, accuracy.ran) == (True, "onnx")
    assert accuracy.source.startswith("2 renderings")
    facts = json.loads(frsdk_build("--inspect", path, "--json").stdout)
    assert facts["spec"]["accuracy"]["nme_drift_points"] == accuracy.nme_drift_points
    path.unlink()
    convert_badly(monkeypatch, tmp_path)
    done = frsdk_build(*command)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "points of NME against fp32" in done.stderr
    assert "--allow-drop" in done.stderr
    assert list(path.parent.iterdir()) == []
    assert frsdk_build(*command, "--max-drop", "5").exit_code == 0
    done = frsdk_build(*command, "--allow-drop")
    assert done.exit_code == 0
    assert (read_network(path).spec.accuracy.nme_drift_points or 0.0) > 0.5  # type: ignore[union-attr]
    assert frsdk_build(*command, "--max-drop", "-1").exit_code == 1


def test_calibration_crops_serve_every_precision(photo_crops: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    build_artefact(BUILTIN, path, target="cpu", precision="fp16", calibration=photo_crops)
    accuracy = read_network(path).spec.accuracy
    assert accuracy is not None
    assert accuracy.source == "25 calibration crops"  # those that int8 takes no range of
    assert accuracy.crops > 25


def test_a_foreign_face_model_is_compared_by_parameters(tiny_onnx: Path, tmp_path: Path) -> None:
    path = build_artefact(tiny_onnx, tmp_path / "a.onnx", target="cpu", precision="fp16")
    accuracy = read_network(path).spec.accuracy
    assert accuracy is not None
    assert accuracy.nme_percent is accuracy.nme_drift_points is accuracy.vertices_percent is None
    assert 0.0 < accuracy.params_rms < 0.01
    assert accuracy.line().startswith("parameters 0.00")


def test_a_graph_that_decodes_is_gated_by_its_own_points(
    decoding_onnx: Path, photo_crops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.onnx"
    for precision in ("fp16", "int8"):
        calibration = photo_crops if precision == "int8" else None
        build_artefact(
            decoding_onnx, path, target="cpu", precision=precision, calibration=calibration
        )
        accuracy = read_network(path).spec.accuracy
        assert accuracy is not None
        assert 0.0 < (accuracy.vertices_percent or 0.0) < 1.0
        path.unlink()

    def shift(graph: bytes) -> bytes:
        model = onnx.load_model_from_string(graph)
        (last,) = (node for node in model.graph.node if "vertices" in node.output)
        last.output[0] = "vertices/right"
        model.graph.initializer.append(numpy_helper.from_array(np.float32(1.0), "one"))
        model.graph.node.append(helper.make_node("Add", ["vertices/right", "one"], ["vertices"]))
        return bytes(model.SerializeToString())

    right = precision_passes._float_form
    monkeypatch.setattr(precision_passes, "_float_form", lambda *given: shift(right(*given)))
    with pytest.raises(AccuracyError, match="the graph's vertices lie"):
        build_artefact(decoding_onnx, path, target="cpu", precision="fp16")
    assert not path.exists()


def test_a_converted_source_keeps_its_accuracy(tmp_path: Path) -> None:
    first = build_artefact(BUILTIN, tmp_path / "a.onnx", target="cpu", precision="fp16")
    second = build_artefact(first, tmp_path / "b.onnx", target="cpu")
    assert read_network(second).spec.accuracy == read_network(first).spec.accuracy is not None


@pytest.fixture
def imagined_engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """TensorRT that writes a plan without building, and runs it (or cannot) as told."""
    from frsdk._version import __version__
    from frsdk.backends.cuda.device_memory import GpuInfo
    from frsdk.engine_files.engine_compatibility import host_os
    from frsdk.engine_files.engine_file import write_engine
    from frsdk.engine_files.engine_header import BatchProfile
    from frsdk.errors import BackendError

    told: dict[str, Any] = {
        "gpu": None, "run": None, "built": 0, "profiles": [(1, 1, 8)],
    }  # fmt: skip

    def build(network: NetworkFile, path: Path, **options: Any) -> EngineHeader:
        told["built"] += 1
        header = EngineHeader(
            network.spec, "tensorrt", "10.3.0", ("8.6",),
            tuple(BatchProfile(*each) for each in told["profiles"]),
            options["onnx_sha256"], host_os(), __version__,
        )  # fmt: skip
        return write_engine(path, header, b"the plan")

    def gpu() -> GpuInfo:
        if told["gpu"] is None:
            raise BackendError("no GPU")
        return GpuInfo("Imagined", told["gpu"], "13.0")

    class Backend:
        def __init__(self, path: Path) -> None:
            self.spec = read_engine(path).header.spec

        def __enter__(self) -> Backend:
            return self

        def __exit__(self, *error: object) -> None:
            told["closed"] = True

        def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
            found: NDArray[np.float32] = told["run"](batch)
            return found

    monkeypatch.setattr(gated, "load_tensorrt", lambda flavour: None)
    monkeypatch.setattr(gated, "build_engine", build)
    monkeypatch.setattr(gated, "gpu_info", gpu)
    monkeypatch.setattr(gated, "TensorrtBackend", Backend)
    return told


def engine_of(path: Path, **options: Any) -> AccuracySpec | None:
    gate = GateOptions(quick=True)
    build_artefact(
        BUILTIN, path, target="tensorrt", precision="fp16", options=BuildOptions(), gate=gate
    )
    return read_engine(path).header.spec.accuracy


def test_an_engine_that_runs_here_is_measured_itself(
    imagined_engines: dict[str, Any], network: NetworkFile, tmp_path: Path
) -> None:
    path = tmp_path / "a.engine"
    accuracy = engine_of(path)
    assert accuracy is not None
    assert accuracy.ran == "onnx (engine not run)"
    assert 0.0 < (accuracy.landmarks_percent or 0.0) < 0.1  # rounded as FP16 is
    imagined_engines["gpu"] = "8.9"  # not the engine's
    other = engine_of(path)
    assert other is not None
    assert other.ran == "onnx (engine not run)"
    imagined_engines["gpu"] = "8.6"
    session = NetworkRun(network.content)._session
    name = network.spec.input.name
    imagined_engines["run"] = lambda batch: session.run(None, {name: batch})[0]
    accuracy = engine_of(path)
    assert accuracy is not None
    assert (accuracy.ran, imagined_engines["closed"]) == ("engine", True)
    assert accuracy.params_rms < 1e-5
    assert read_engine(path).plan == b"the plan"


def test_an_engine_that_loses_too_much_is_not_written(
    imagined_engines: dict[str, Any], tmp_path: Path
) -> None:
    imagined_engines.update(gpu="8.6", run=lambda batch: np.zeros((len(batch), 62), np.float32))
    with pytest.raises(AccuracyError, match=r"a\.engine in batches of 1: loses .* points of NME"):
        engine_of(tmp_path / "a.engine")
    assert list(tmp_path.iterdir()) == []


def test_every_batch_size_that_an_engine_is_tuned_for_is_measured(
    imagined_engines: dict[str, Any], network: NetworkFile, tmp_path: Path
) -> None:
    session, name = NetworkRun(network.content)._session, network.spec.input.name
    seen, wrong = set(), -1

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.add(len(batch))
        found: NDArray[np.float32] = session.run(None, {name: batch})[0]
        return found * np.float32(0.5 if len(batch) == wrong else 1.0)

    imagined_engines.update(gpu="8.6", run=run, profiles=[(1, 1, 2), (4, 4, 9)])
    accuracy = engine_of(tmp_path / "a.engine")
    assert seen == {1, 2, 4, 9}
    assert accuracy is not None and accuracy.params_rms < 1e-5
    wrong = 4
    with pytest.raises(AccuracyError, match=r"b\.engine in batches of 4: loses "):
        engine_of(tmp_path / "b.engine")


def test_a_graph_that_loses_too_much_is_not_even_built(
    imagined_engines: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    convert_badly(monkeypatch, source)
    monkeypatch.setattr(gated, "half_reference", lambda content: content)
    with pytest.raises(AccuracyError, match="as fp16: loses"):
        engine_of(tmp_path / "a.engine")
    assert imagined_engines["built"] == 0
    assert not (tmp_path / "a.engine").exists()
