"""Model repositories for Triton, and the client that asks a server of one."""

from __future__ import annotations

import gc
import importlib.util
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner

from frsdk import FaceReconstructor, read_image
from frsdk.backends.triton_backend import TritonBackend
from frsdk.engine_files.engine_file import write_engine
from frsdk.engine_files.engine_header import BatchProfile, EngineHeader
from frsdk.engines.artefacts.triton_repository import write_triton_repository
from frsdk.engines.cli import main
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.specs.model_spec import METADATA_KEY, ModelSpec

pytest.importorskip("tritonclient.grpc", reason="needs tritonclient (frsdk[triton])")


@pytest.fixture(scope="module")
def triton() -> Any:
    """The module of the small server."""
    path = Path(__file__).resolve().parents[2] / "triton_server.py"
    spec = importlib.util.spec_from_file_location("triton_server", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["triton_server"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `frsdk-build builtin --triton` writes."""
    folder = tmp_path_factory.mktemp("triton") / "models"
    done = CliRunner().invoke(main, ["builtin", "--triton", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def server(triton: Any, repository: Path) -> Iterator[tuple[str, Any]]:
    with triton.served(repository) as found:
        yield found


def test_configs_say_what_the_graphs_say(triton: Any, repository: Path) -> None:
    network = triton.read_config(repository / "frsdk" / "config.pbtxt")
    assert (network.name, network.platform) == ("frsdk", "onnxruntime_onnx")
    assert network.max_batch_size == 64
    assert [(each.name, list(each.dims)) for each in network.input] == [("crops", [3, 120, 120])]
    assert [(each.name, list(each.dims)) for each in network.output] == [("whitened_params", [62])]
    assert list(network.dynamic_batching.preferred_batch_size) == [8, 16]
    assert [group.count for group in network.instance_group] == [1]
    spec = ModelSpec.from_json(network.parameters[METADATA_KEY].string_value, source="config")
    stored = onnx.load(repository / "frsdk" / "1" / "model.onnx")
    assert spec.to_json() in {each.value for each in stored.metadata_props}
    detector = triton.read_config(repository / "frsdk_detector" / "config.pbtxt")
    assert list(detector.input[0].dims) == [3, 320, 320]
    assert list(detector.output[0].dims) == [15, -1]  # the graph's symbolic one
    assert METADATA_KEY in detector.parameters


def test_a_server_gives_what_the_files_give(server: tuple[str, Any]) -> None:
    host, repository = server
    image = read_image("sample:astronaut")
    rois = [[100 + each, 40, 240 + each, 180] for each in range(70)]  # more than one batch
    with (
        FaceReconstructor() as local,
        FaceReconstructor(
            engine=f"triton://{host}/frsdk", detector=f"triton://{host}/frsdk_detector"
        ) as remote,
    ):
        assert f"triton (server {host}) fp32" in remote.engine
        (face,), (expected,) = remote(image), local(image)
        np.testing.assert_array_equal(face.box, expected.box)
        np.testing.assert_allclose(face.landmarks, expected.landmarks, atol=1e-3)
        with ThreadPoolExecutor(4) as pool:  # each thread has a connection of its own
            for faces in pool.map(lambda roi: remote(image, rois=[roi]), rois[:8]):
                assert len(faces) == 1
        batch = np.zeros((70, 3, 120, 120), np.float32)
        repository.batches.clear()
        np.testing.assert_allclose(remote.backend.run(batch), local.backend.run(batch), atol=1e-4)
        assert repository.batches == [64, 6]
    with pytest.raises(BackendError, match="closed"):
        remote(image, rois=rois[:1])


def test_a_connection_ends_with_its_thread(
    server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    grpc = importlib.import_module("tritonclient.grpc")
    opened: list[int] = []
    closed: list[int] = []

    class Client(grpc.InferenceServerClient):
        def __init__(self, url: str) -> None:
            super().__init__(url)
            opened.append(id(self))

        def close(self) -> None:
            super().close()
            closed.append(id(self))

    monkeypatch.setattr(grpc, "InferenceServerClient", Client)
    batch = np.zeros((1, 3, 120, 120), np.float32)
    with TritonBackend(f"triton://{server[0]}/frsdk") as backend:
        expected = backend.run(batch)
        for each in range(1, 4):  # a thread a request, as some servers have it
            answers: list[Any] = []
            asks = threading.Thread(target=lambda to=answers: to.append(backend.run(batch)))
            asks.start()
            asks.join()
            np.testing.assert_array_equal(answers[0], expected)
            gc.collect()
            assert (len(opened), len(closed)) == (1 + each, each)
    assert len(set(opened) - set(closed)) == 0


def test_what_does_not_answer_or_fit_is_one_line(
    triton: Any, repository: Path, server: tuple[str, Any], tmp_path: Path
) -> None:
    host, _ = server
    for url, said in (
        (f"triton://{host}", "expected triton://HOST:PORT/MODEL"),
        (f"triton://{host}/none", "unknown model none"),
        ("triton://127.0.0.1:9/frsdk", "is it running"),
    ):
        with pytest.raises(BackendError, match=said) as found:
            TritonBackend(url, timeout_s=5.0)
        assert "\n" not in str(found.value)
    with pytest.raises(SpecError, match="face detector"):
        FaceReconstructor(engine=f"triton://{host}/frsdk_detector")
    with pytest.raises(InputError, match="the server chooses"):
        FaceReconstructor(engine=f"triton://{host}/frsdk", device="gpu")
    config = (repository / "frsdk" / "config.pbtxt").read_text()
    model = (repository / "frsdk" / "1" / "model.onnx").read_bytes()
    damages = {
        "no specification": (METADATA_KEY, "another.key"),
        "the model has other": ('name: "whitened_params"', 'name: "other"'),
        r"the model has TYPE_FP32 \(61,\)": ("dims: [ 62 ]", "dims: [ 61 ]"),
        "TYPE_FP16": ("data_type: TYPE_FP32 dims: [ 62 ]", "data_type: TYPE_FP16 dims: [ 62 ]"),
    }
    for number, (before, after) in enumerate(damages.values()):
        assert before in config
        folder = tmp_path / f"m{number}"
        (folder / "1").mkdir(parents=True)
        (folder / "1" / "model.onnx").write_bytes(model)
        changed = config.replace(before, after).replace('name: "frsdk"', f'name: "m{number}"')
        (folder / "config.pbtxt").write_text(changed)
    with triton.served(tmp_path) as (other, _):
        for number, said in enumerate(damages):
            with pytest.raises(SpecError, match=said):
                TritonBackend(f"triton://{other}/m{number}")


def test_a_graph_of_a_fixed_batch_is_filled_up(
    triton: Any, tiny_onnx: Path, tmp_path: Path
) -> None:
    model = onnx.load(tiny_onnx)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(model, tmp_path / "four.onnx")
    write_triton_repository(tmp_path / "four.onnx", tmp_path / "models")
    config = triton.read_config(tmp_path / "models" / "frsdk" / "config.pbtxt")
    assert config.max_batch_size == 0 and list(config.input[0].dims) == [4, 3, 120, 120]
    assert not config.HasField("dynamic_batching")
    batch = np.random.default_rng(0).normal(size=(6, 3, 120, 120)).astype(np.float32)
    with (
        triton.served(tmp_path / "models") as (host, repository),
        TritonBackend(f"triton://{host}/frsdk") as backend,
    ):
        found = backend.run(batch)
        assert repository.batches == [4, 4]
        np.testing.assert_array_equal(found[:4], backend.run(batch[:4]))


def header(spec: ModelSpec, **changes: Any) -> EngineHeader:
    made = EngineHeader(
        spec=spec, flavour="tensorrt", flavour_version="10.9.0", compute_capabilities=("8.6",),
        profiles=(BatchProfile(1, 1, 1), BatchProfile(2, 8, 32)), onnx_sha256="0" * 64,
        os="linux-x86_64", frsdk_version="0",
    )  # fmt: skip
    return made.replace(**changes)


def test_the_plan_of_an_engine_is_cut_out(
    triton: Any, tiny_spec: ModelSpec, tmp_path: Path
) -> None:
    engine = tmp_path / "a.engine"
    write_engine(engine, header(tiny_spec), b"a plan")
    done = CliRunner().invoke(main, [str(engine), "--triton", str(tmp_path / "models")])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "models" / "frsdk"
    assert (folder / "1" / "model.plan").read_bytes() == b"a plan"
    config = triton.read_config(folder / "config.pbtxt")
    assert (config.platform, config.max_batch_size) == ("tensorrt_plan", 32)
    assert list(config.instance_group[0].profile) == ["0", "1"]
    assert list(config.dynamic_batching.preferred_batch_size) == [8]
    write_engine(engine, header(tiny_spec, flavour="tensorrt_rtx"), b"a plan")
    with pytest.raises(InputError, match="Triton runs plans of tensorrt"):
        write_triton_repository(engine, tmp_path / "models")
    write_engine(engine, header(tiny_spec, profiles=(BatchProfile(2, 8, 32),)), b"a plan")
    with pytest.raises(InputError, match="its smallest batch is 2"):
        write_triton_repository(engine, tmp_path / "models")
