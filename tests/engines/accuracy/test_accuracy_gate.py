"""The accuracy gate: what it measures, what it writes down, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

from frsdk.engines.accuracy.accuracy_gate import (
    AccuracyGate,
    NetworkOutputs,
    check_drop,
)
from frsdk.engines.accuracy.gate_crops import (
    GateFaces,
    faces_from_crops,
    faces_from_photo,
    moved_crop,
)
from frsdk.engines.accuracy.gate_defaults import GateOptions
from frsdk.engines.accuracy.rendered_faces import rendered_faces
from frsdk.engines.graphs.network_file import NetworkFile, read_network
from frsdk.engines.graphs.run_on_cpu import NetworkRun
from frsdk.errors import AccuracyError, InputError, MissingDependencyError
from frsdk.imaging.roi import Roi
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.specs.accuracy_spec import AccuracySpec

from .worse_network import worse

SIZE = 120


Build = Callable[..., Result]


Crops = NDArray[np.uint8]


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
    same = quick_gate.measure(fp32(network), "onnx", "fp32")
    assert (same.params_rms, same.nme_drift_points, same.landmarks_percent) == (0.0, 0.0, 0.0)
    assert (same.vertices_percent, same.ran) == (0.0, "onnx")
    assert same.source.startswith("8 renderings")
    assert 1.0 < (same.nme_percent or 0.0) < 4.0
    moved = quick_gate.measure(fp32(read_network(worse(tmp_path / "a.onnx", 3.0))), "onnx", "fp32")
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

        for precision, remedy in (("int8", "use a higher"), ("fp32", "train or export it again")):
            match = rf"as {precision} \(onnx\) gives numbers that are not finite: {remedy}"
            with pytest.raises(AccuracyError, match=match):
                quick_gate.measure(run, "onnx", precision)


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

    same = quick_gate.measure(decoded(0.0, 0.0), "onnx", "fp32")
    assert same.landmarks_percent == 0.0
    assert (same.vertices_percent or 0.0) < 1e-4  # decoded in blocks here
    moved = quick_gate.measure(decoded(1.0, 0.01), "onnx", "fp32")
    # The parameters are right, the landmarks a pixel off on faces of 60 to 100, the surface a bit.
    assert moved.params_rms == 0.0
    assert 1.0 < (moved.landmarks_percent or 0.0) < 1.7
    assert 0.01 < (moved.vertices_percent or 0.0) < 0.03
    with pytest.raises(AccuracyError, match=r"vertices lie [0-9.]+ % of the face beside those of"):
        quick_gate.measure(decoded(0.0, 1.0), "onnx", "fp32")


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

    accuracy = gate.measure(found, "onnx", "fp32")
    assert (accuracy.landmarks_percent, accuracy.vertices_percent) == (0.0, None)
    assert gate.measure(run, "onnx", "fp32").vertices_percent == 0.0
