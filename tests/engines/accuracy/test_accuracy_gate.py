"""The accuracy gate: what it measures, what it writes down, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
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
from frsdk.engines.accuracy.accuracy_gate import (
    AccuracyGate,
    GateOptions,
    NetworkOutputs,
    check_drop,
)
from frsdk.engines.accuracy.gate_crops import (
    GateFaces,
    faces_from_crops,
    faces_from_photo,
    moved_crop,
)
from frsdk.engines.accuracy.rendered_faces import rendered_faces
from frsdk.engines.artefacts import convert_precision as precision_passes
from frsdk.engines.artefacts import gated_artefact as gated
from frsdk.engines.artefacts.build_artefact import build_artefact
from frsdk.engines.graphs.network_file import NetworkFile, read_network
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.engines.tensorrt.build_options import BuildOptions
from frsdk.errors import AccuracyError, InputError, MissingDependencyError
from frsdk.imaging.roi import Roi
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.specs.accuracy_spec import AccuracySpec

BUILTIN = Path(__file__).resolve().parents[3] / "frsdk" / "assets" / "network.onnx"
SIZE = 120

Build = Callable[..., Result]
Crops = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def few_renderings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frsdk.engines.accuracy.accuracy_gate._RENDERINGS", 2)
    monkeypatch.setattr("frsdk.engines.accuracy.accuracy_gate._QUICK_RENDERINGS", 2)


@pytest.fixture(scope="module")
def network() -> NetworkFile:
    return read_network(BUILTIN)


@pytest.fixture(scope="module")
def quick_gate(network: NetworkFile) -> AccuracyGate:
    return AccuracyGate(network.content, network.spec, quick=True)


@pytest.fixture(scope="module")
def faces() -> GateFaces:
    return rendered_faces(builtin_face_model(), SIZE, faces=2, crops=3)


def fp32(network: NetworkFile) -> Callable[[Crops], NetworkOutputs]:
    run = NetworkRun(network.content)
    return lambda crops: NetworkOutputs(*run.outputs(crops, network.spec))


def landmarks_of(network: NetworkFile) -> Callable[[Crops], NDArray[np.float64]]:
    spec, run = network.spec, fp32(network)

    def found(crops: Crops) -> NDArray[np.float64]:
        params = run(crops).whitened * np.float32(spec.param_std) + np.float32(spec.param_mean)
        return builtin_face_model().decode_landmarks(params, size=SIZE).astype(np.float64)

    return found


def worse(path: Path, by: float) -> Path:
    """The shipped network with its first pose parameters moved: a loss of known size."""
    import onnx

    model = onnx.load(BUILTIN)
    spec = read_network(BUILTIN).spec
    (node,) = (each for each in model.graph.node if spec.output.name in each.output)
    (bias,) = (each for each in model.graph.initializer if each.name == node.input[2])
    moved = onnx.numpy_helper.to_array(bias).copy()
    moved[3] += by / spec.param_std[3]  # pixels to the right
    bias.CopyFrom(onnx.numpy_helper.from_array(moved, bias.name))
    onnx.save(model, path)
    return path


def test_renderings_are_seeded_faces_with_their_landmarks(
    faces: GateFaces, network: NetworkFile
) -> None:
    again = rendered_faces(builtin_face_model(), SIZE, faces=2, crops=3)
    assert faces.sha256 == again.sha256
    np.testing.assert_array_equal(faces.landmarks, again.landmarks)
    assert (faces.crops.shape, faces.source) == ((6, SIZE, SIZE, 3), "2 renderings")
    assert len({crop.tobytes() for crop in faces.crops}) == 6
    # The network, which never saw a rendering, finds the points where they are said to be.
    error = nme_percent(landmarks_of(network)(faces.crops), faces.landmarks)
    assert error.max() < 5.0
    low, high = faces.landmarks.min(axis=(0, 1)), faces.landmarks.max(axis=(0, 1))
    assert (low > 0).all()
    assert (high < SIZE).all()


def test_a_moved_crop_takes_its_truth_along() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    points = np.array([[70.0, 80.0], [120.0, 110.0], [95.0, 130.0]])
    for x, y in points.astype(int):
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    random = np.random.default_rng(0)
    for _ in range(5):
        crop, moved = moved_crop(image, points, Roi(40.0, 45.0, 110.0), SIZE, random)
        for x, y in moved:
            left, top = int(x) - 5, int(y) - 5
            part = crop[top : top + 11, left : left + 11, 0].astype(float)
            rows, columns = np.indices(part.shape)
            centre = [(part * each).sum() / part.sum() for each in (columns, rows)]
            np.testing.assert_allclose([left + centre[0], top + centre[1]], [x, y], atol=0.1)


def test_crops_without_labels_take_fp32_for_the_truth(
    faces: GateFaces, network: NetworkFile
) -> None:
    find = landmarks_of(network)
    moved = faces_from_crops(faces.crops[::3], find, at_least=5)
    assert (len(moved.crops), moved.source) == (6, "2 calibration crops")
    error = nme_percent(find(moved.crops), moved.landmarks)
    assert 0.0 < error.mean() < 3.0


def test_copies_on_which_fp32_contradicts_itself_are_left_out(
    faces: GateFaces, network: NetworkFile
) -> None:
    calls = []
    right = landmarks_of(network)

    def find(crops: Crops) -> NDArray[np.float64]:
        calls.append(len(crops))
        points = right(crops)
        if len(calls) % 2 == 0:
            points[0] += 50.0
        return points

    moved = faces_from_crops(faces.crops[:1], find, at_least=4)
    assert (calls, len(moved.crops)) == ([1, 4], 3)
    with pytest.raises(InputError, match="give square face crops as frsdk cuts them"):
        faces_from_crops(faces.crops[:1], find, at_least=1)


def test_the_photo_serves_where_scikit_image_is(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    find = landmarks_of(network)
    photo = faces_from_photo(find, SIZE, count=3)
    assert photo is not None
    assert nme_percent(find(photo.crops), photo.landmarks).mean() < 3.0

    def missing(path: str) -> None:
        raise MissingDependencyError(path)

    monkeypatch.setattr("frsdk.engines.accuracy.gate_crops.read_image", missing)
    assert faces_from_photo(find, SIZE, count=3) is None


def test_fp32_loses_nothing_and_a_known_loss_is_found(
    quick_gate: AccuracyGate, network: NetworkFile, tmp_path: Path
) -> None:
    same = quick_gate.measure(fp32(network), "onnx")
    assert (same.params_rms, same.nme_drift_points, same.landmarks_percent) == (0.0, 0.0, 0.0)
    assert (same.vertices_percent, same.ran) == (0.0, "onnx")
    assert same.source.startswith("8 renderings")
    assert 1.0 < (same.nme_percent or 0.0) < 4.0
    moved = quick_gate.measure(fp32(read_network(worse(tmp_path / "a.onnx", 3.0))), "onnx")
    # Every point is 3 pixels off: 3 to 5 percent of faces of 60 to 100 pixels.
    assert moved.landmarks_percent == pytest.approx(moved.vertices_percent, rel=1e-3)
    assert 3.0 < (moved.landmarks_percent or 0.0) < 5.0
    assert 0.5 < (moved.nme_drift_points or 0.0) < (moved.landmarks_percent or 0.0)
    assert moved.params_rms == pytest.approx(3.0 / network.spec.param_std[3] / 62**0.5, rel=1e-3)


def test_the_limit(network: NetworkFile) -> None:
    accuracy = AccuracySpec(0.1, 40, "0" * 64, "8 renderings", "onnx", 3.0, 0.06, 0.2, 0.2)
    with pytest.raises(AccuracyError, match=r"a\.onnx: loses 0\.060 points of NME .* 0\.05 are "):
        check_drop(accuracy, GateOptions(), "a.onnx")
    check_drop(accuracy, GateOptions(max_drop=0.06), "a.onnx")
    check_drop(accuracy, GateOptions(allow_drop=True), "a.onnx")
    check_drop(None, GateOptions(), "a.onnx")
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="0 or more points of NME"):
            GateOptions(max_drop=wrong)


def test_numbers_that_are_not_finite_are_refused(quick_gate: AccuracyGate) -> None:
    for bad in ("whitened", "landmarks", "vertices"):

        def run(crops: Crops, bad: str = bad) -> NetworkOutputs:
            outputs = {"whitened": np.zeros((len(crops), 62), np.float32)}
            return NetworkOutputs(**{**outputs, bad: np.full((len(crops), 3), np.nan, np.float32)})

        with pytest.raises(AccuracyError, match="not finite: use a higher precision"):
            quick_gate.measure(run, "onnx")


def test_points_that_the_graph_decodes_are_compared_as_they_are(
    quick_gate: AccuracyGate, network: NetworkFile
) -> None:
    model, spec, run = builtin_face_model(), network.spec, fp32(network)

    def decoded(points: float, surface: float) -> Callable[[Crops], NetworkOutputs]:
        def found(crops: Crops) -> NetworkOutputs:
            whitened = run(crops).whitened
            params = whitened * np.float32(spec.param_std) + np.float32(spec.param_mean)
            landmarks = model.decode_landmarks(params, size=SIZE) + np.float32((points, 0.0, 0.0))
            return NetworkOutputs(
                whitened, landmarks, model.decode_vertices(params, size=SIZE) + np.float32(surface)
            )

        return found

    same = quick_gate.measure(decoded(0.0, 0.0), "onnx")
    assert same.landmarks_percent == 0.0
    assert (same.vertices_percent or 0.0) < 1e-4  # decoded in blocks here
    moved = quick_gate.measure(decoded(1.0, 0.01), "onnx")
    # The parameters are right, the landmarks a pixel off on faces of 60 to 100, the surface a bit.
    assert moved.params_rms == 0.0
    assert 1.0 < (moved.landmarks_percent or 0.0) < 1.7
    assert 0.01 < (moved.vertices_percent or 0.0) < 0.03
    with pytest.raises(AccuracyError, match=r"vertices lie [0-9.]+ % of the face beside those of"):
        quick_gate.measure(decoded(0.0, 1.0), "onnx")


def test_another_surface_with_the_same_landmarks_is_not_compared(network: NetworkFile) -> None:
    other = replace(network.spec.face_model, sha256="0" * 64, n_vertices=5)
    spec = network.spec.replace(face_model=other)
    gate, run = AccuracyGate(network.content, spec, quick=True), fp32(network)

    def found(crops: Crops) -> NetworkOutputs:
        outputs = run(crops)
        points = builtin_face_model().decode_landmarks(
            outputs.whitened * np.float32(spec.param_std) + np.float32(spec.param_mean), size=SIZE
        )
        return NetworkOutputs(outputs.whitened, points, np.zeros((len(crops), 5, 3), np.float32))

    accuracy = gate.measure(found, "onnx")
    assert (accuracy.landmarks_percent, accuracy.vertices_percent) == (0.0, None)
    assert gate.measure(run, "onnx").vertices_percent == 0.0


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

    told: dict[str, Any] = {"gpu": None, "run": None, "built": 0}

    def build(network: NetworkFile, path: Path, **options: Any) -> EngineHeader:
        told["built"] += 1
        header = EngineHeader(
            network.spec, "tensorrt", "10.3.0", ("8.6",), (BatchProfile(1, 1, 8),),
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
    with pytest.raises(AccuracyError, match=r"a\.engine: loses .* points of NME"):
        engine_of(tmp_path / "a.engine")
    assert list(tmp_path.iterdir()) == []


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
