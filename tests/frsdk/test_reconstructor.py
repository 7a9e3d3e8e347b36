"""From a photograph to faces, with a seeded tiny network."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from frsdk.backends import OnnxRuntimeBackend
from frsdk.detectors import BoxRule, Detection, roi_from_box
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.imaging.face_crop import crop_face, network_input
from frsdk.imaging.roi import Roi, image_from_crop_points
from frsdk.morphable.head_pose import pose_from_params
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (240, 320, 3), np.uint8)


@pytest.fixture
def reconstruct(tiny_onnx: Path, tiny_model: MorphableModel) -> FaceReconstructor:
    return FaceReconstructor(engine=tiny_onnx, face_model=tiny_model, detector=no_faces)


def no_faces(image: np.ndarray) -> list[Detection]:
    return []


ROIS = [(10, 20, 130, 140), (100.5, 60.25, 250.5, 210.25), (-40, -40, 60, 60)]


def test_rois_give_the_model_s_landmarks(
    reconstruct: FaceReconstructor, image: np.ndarray, tiny_onnx: Path, tiny_model: MorphableModel
) -> None:
    faces = reconstruct(image, rois=ROIS)
    backend = OnnxRuntimeBackend(tiny_onnx)
    spec, size = backend.spec, backend.spec.input.size
    for face, xyxy in zip(faces, ROIS, strict=True):
        roi = Roi.from_xyxy(xyxy)
        output = backend.run(network_input([crop_face(image, roi, size)], spec.input))
        params = output[0] * np.array(spec.param_std) + np.array(spec.param_mean)
        assert np.allclose(face.params, params, rtol=1e-4, atol=1e-4)
        points = tiny_model.decode_landmarks(face.params[None], size=size)[0]
        assert np.allclose(face.landmarks, image_from_crop_points(points, roi, size), atol=1e-2)
        assert face.pose.yaw_deg == pose_from_params(face.params, roi, size).yaw_deg
        assert (face.roi, face.score) == (roi, 1.0)
        assert face.box[:2] == pytest.approx(face.landmarks[:, :2].min(axis=0) + 0.5, abs=1e-2)
        assert face.params.shape == (62,)
        assert face.landmarks.shape == (68, 3)
        assert not any(a.flags.writeable for a in (face.params, face.landmarks, face.box))


def test_landmarks_are_vertices(reconstruct: FaceReconstructor, image: np.ndarray) -> None:
    (face,) = reconstruct(image, rois=ROIS[:1])
    at_landmarks = face.vertices[face.face_model.landmark_indices]
    assert np.allclose(at_landmarks, face.landmarks, atol=1e-2)


def test_one_engine_call_for_all_faces(
    reconstruct: FaceReconstructor, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    real = OnnxRuntimeBackend.run

    def run(self: OnnxRuntimeBackend, batch: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        return real(self, batch)

    monkeypatch.setattr(OnnxRuntimeBackend, "run", run)
    assert len(reconstruct(image, rois=ROIS)) == 3
    assert sizes == [3]
    assert reconstruct(image, rois=[]) == []
    assert reconstruct(image, boxes=[]) == []
    assert reconstruct(image, boxes=np.empty((0, 4))) == []
    assert reconstruct(image) == []
    assert sizes == [3]


def test_many_faces_are_cut_into_chunks(
    reconstruct: FaceReconstructor, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    real = OnnxRuntimeBackend.run

    def run(self: OnnxRuntimeBackend, batch: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        return real(self, batch)

    monkeypatch.setattr(OnnxRuntimeBackend, "run", run)
    rois = [(10 + k, 20, 130 + k, 140) for k in range(40)]
    faces = reconstruct(image, rois=rois)
    assert sizes == [16, 16, 8]
    assert [face.roi.x0 for face in faces] == [10 + k for k in range(40)]
    (last,) = reconstruct(image, rois=rois[-1:])
    assert np.allclose(faces[-1].landmarks, last.landmarks, atol=1e-3)


def test_a_box_may_have_its_roll(reconstruct: FaceReconstructor, image: np.ndarray) -> None:
    (face,) = reconstruct(image, boxes=[(100, 60, 180, 170, 20.0)])
    assert face.roi == roi_from_box((100, 60, 180, 170), roll_deg=20.0)
    assert face.box.tolist() == [100, 60, 180, 170]
    for roll in (float("nan"), "steep"):
        with pytest.raises(InputError, match=r"boxes\[0\]: expected a .*roll in degrees"):
            reconstruct(image, boxes=[(100, 60, 180, 170, roll)])


def test_boxes_and_rotated_rois(reconstruct: FaceReconstructor, image: np.ndarray) -> None:
    box = (100, 60, 180, 170)
    (face,) = reconstruct(image, boxes=np.array([box]))
    assert face.roi == roi_from_box(box)
    assert face.box.tolist() == list(box)
    turned = Roi(20, 20, 100, 15)
    (face,) = reconstruct(image, rois=[turned])
    assert face.roi == turned


def test_detections_are_filtered_sorted_and_cut(
    tiny_onnx: Path, tiny_model: MorphableModel, image: np.ndarray
) -> None:
    def detect(picture: np.ndarray) -> list[Detection]:
        return [
            Detection((10, 10, 50, 50), 0.9),
            Detection((100, 100, 200, 200), 0.8, roll_deg=10.0),
            Detection((60, 20, 120, 80), 0.3),
        ]

    detect.box_rule = BoxRule(2.0, 0.0, 0.0)  # type: ignore[attr-defined]
    options = {"engine": tiny_onnx, "face_model": tiny_model, "detector": detect}
    assert [f.score for f in FaceReconstructor(**options)(image)] == [0.8, 0.3, 0.9]
    assert [f.score for f in FaceReconstructor(**options, min_score=0.5)(image)] == [0.8, 0.9]
    (largest,) = FaceReconstructor(**options, max_faces=1)(image)
    assert largest.roi == Roi(50, 50, 200, 10)


def test_a_detector_s_bad_box_is_named(
    tiny_onnx: Path, tiny_model: MorphableModel, image: np.ndarray
) -> None:
    def detect(picture: np.ndarray) -> list[Detection]:
        return [Detection((0, 0, float("nan"), 9), 0.9)]

    reconstruct = FaceReconstructor(engine=tiny_onnx, face_model=tiny_model, detector=detect)
    with pytest.raises(InputError, match="detection 0: expected finite"):
        reconstruct(image)
    text = FaceReconstructor(
        engine=tiny_onnx,
        face_model=tiny_model,
        detector=lambda image: [Detection((10, 10, 110, 110), "1")],  # type: ignore[arg-type]
    )
    with pytest.raises(InputError, match="detection 0: expected score as a number, got '1'"):
        text(image)


GOOD = (10, 20, 130, 140)


@pytest.mark.parametrize("kind", ["boxes", "rois"])
@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ((0, 0, float("nan"), 9), "expected finite"),
        ((0, 0, float("inf"), 9), "expected finite"),
        ((50, 0, 10, 40), "expected x1 > x0"),
        ((0, 40, 40, 40), "expected x1 > x0"),
        ((320, 0, 400, 80), "outside the image of 320 x 240"),
        ((-50, -50, -1, -1), "outside the image"),
        ((1, 2, 3), r"expected 4 numbers .*got shape \(3,\)"),
        ("box", "expected 4 numbers"),
        (None, "expected"),
    ],
)
def test_bad_boxes_are_named_by_index(
    reconstruct: FaceReconstructor, image: np.ndarray, kind: str, bad: object, match: str
) -> None:
    with pytest.raises(InputError, match=match) as caught:
        reconstruct(image, **{kind: [GOOD, bad]})
    assert str(caught.value).startswith(f"{kind}[1]: ")
    assert "\n" not in str(caught.value)


def test_oblong_roi_and_two_sources(reconstruct: FaceReconstructor, image: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"rois\[0\]: .*square"):
        reconstruct(image, rois=[(0, 0, 40, 80)])
    with pytest.raises(InputError, match="got both"):
        reconstruct(image, boxes=[GOOD], rois=[GOOD])
    with pytest.raises(InputError, match=r"rois\[0\]: .*outside"):
        reconstruct(image, rois=[Roi(1000, 0, 50)])


@pytest.mark.parametrize("shape", [(240, 320), (240, 320, 4)])
def test_bad_images_are_refused(reconstruct: FaceReconstructor, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"cv2\.cvtColor"):
        reconstruct(np.zeros(shape, np.uint8))


def test_one_pixel_image(reconstruct: FaceReconstructor) -> None:
    (face,) = reconstruct(np.zeros((1, 1, 3), np.uint8), rois=[(-4, -4, 5, 5)])
    assert np.isfinite(face.landmarks).all()


def test_eight_threads_give_one_thread_s_results(
    reconstruct: FaceReconstructor, image: np.ndarray
) -> None:
    jobs = [[ROIS[k % 3], ROIS[(k + 1) % 3]][: 1 + k % 2] for k in range(48)]
    expected = [reconstruct(image, rois=job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda job: reconstruct(image, rois=job), jobs))
    for want, have in zip(expected, got, strict=True):
        for a, b in zip(want, have, strict=True):
            assert np.array_equal(a.landmarks, b.landmarks)
            assert np.array_equal(a.vertices, b.vertices)


def test_another_face_model_is_refused(tiny_onnx: Path, tiny_model: MorphableModel) -> None:
    fields = {f.name: getattr(tiny_model, f.name) for f in dataclasses.fields(tiny_model) if f.init}
    other = MorphableModel(**{**fields, "name": "other-face"})
    with pytest.raises(SpecError, match="other-face") as caught:
        FaceReconstructor(engine=tiny_onnx, face_model=other)
    message = str(caught.value)
    assert tiny_model.name in message
    assert "face_model=" in message
    assert "\n" not in message


def test_a_refused_network_is_closed(
    tiny_onnx: Path, tiny_model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    monkeypatch.setattr(OnnxRuntimeBackend, "_release", lambda self: closed.append(self))
    other = dataclasses.replace(tiny_model, name="other-face")
    with pytest.raises(SpecError):
        FaceReconstructor(engine=tiny_onnx, face_model=other)
    assert len(closed) == 1


def test_face_model_by_path(tiny_onnx: Path, tiny_model: MorphableModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    tiny_model.save(path)
    reconstruct = FaceReconstructor(engine=tiny_onnx, face_model=path)
    assert reconstruct.face_model.sha256 == tiny_model.sha256


def test_missing_built_in_network(
    tiny_model: MorphableModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "frsdk.installation.builtin_weights.asset_path"
    monkeypatch.setattr(place, lambda name: tmp_path / name)
    with pytest.raises(BackendError, match="built-in network is not in this installation"):
        FaceReconstructor(face_model=tiny_model)


def test_context_manager_and_description(
    tiny_onnx: Path, tiny_model: MorphableModel, image: np.ndarray
) -> None:
    with FaceReconstructor(engine=tiny_onnx, face_model=tiny_model) as reconstruct:
        assert reconstruct.engine == f"onnxruntime (CPUExecutionProvider) fp32 {tiny_onnx}"
    for use in (
        lambda: reconstruct(image, rois=ROIS),
        lambda: reconstruct(image, rois=[]),
        lambda: reconstruct(np.zeros_like(image)),
        lambda: reconstruct.batch([]),
        lambda: reconstruct.__enter__(),
    ):
        with pytest.raises(BackendError, match="closed"):
            use()


def test_warm_up_runs_detector_engine_and_decoder(
    tiny_onnx: Path, tiny_model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def detector(image: np.ndarray) -> list[Detection]:
        seen.append("detector")
        return []

    run = OnnxRuntimeBackend.run
    monkeypatch.setattr(
        OnnxRuntimeBackend, "run", lambda self, batch: seen.append(len(batch)) or run(self, batch)
    )
    reconstruct = FaceReconstructor(engine=tiny_onnx, face_model=tiny_model, detector=detector)
    reconstruct.warm_up(batches=(1, 3))
    assert seen == ["detector", 1, 3]
    for bad in ((1, 0), (), (1.5,), 3):
        with pytest.raises(InputError, match="batches"):
            reconstruct.warm_up(batches=bad)
