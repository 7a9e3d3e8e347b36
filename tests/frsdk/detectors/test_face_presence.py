"""A crop shows the face that the landmarks say, or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from frsdk import FaceReconstructor, InputError, Roi, crop_face, network_input, read_image
from frsdk.backends.onnxruntime_backend import OnnxRuntimeBackend
from frsdk.backends.onnxruntime_session import open_session
from frsdk.detectors.face_presence import FacePresence, agreement, five_points
from frsdk.detectors.resized_graph import resized_graph
from frsdk.errors import SpecError
from frsdk.installation.asset_files import FACE_DETECTOR, OPEN_FACE_DETECTOR, asset_path
from frsdk.specs.model_spec import InputSpec

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")


@pytest.fixture(scope="module")
def reconstruct() -> Iterator[FaceReconstructor]:
    with FaceReconstructor() as opened:
        yield opened


def spec_of_detector() -> InputSpec:
    return OnnxRuntimeBackend(asset_path(FACE_DETECTOR)).detector_spec.input


def test_presence_of_a_face_and_of_none(reconstruct) -> None:
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    photo = read_image("sample:astronaut")
    (face,) = reconstruct(photo)
    assert face.presence is None
    beside = Roi(face.roi.x0 + 3 * face.roi.side / 2, face.roi.y0, face.roi.side)
    seen = reconstruct(photo, rois=[face.roi, beside], presence=True)
    assert seen[0].presence > 0.9
    assert seen[1].presence < 0.2
    assert np.array_equal(seen[0].landmarks, face.landmarks)


@pytest.mark.parametrize("kind", ["black", "noise", "stripes"])
def test_no_picture_without_a_face_has_one(reconstruct, kind) -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    if kind == "noise":
        image = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    if kind == "stripes":
        image[:, ::16] = 255
    rois = [Roi(20, 20, 150), Roi(50, 40, 90, 30.0)]
    for face in reconstruct(image, rois=rois, presence=True):
        assert face.presence < 0.2


def test_squares_too_small_to_show_a_face_are_refused(reconstruct) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    with pytest.raises(InputError, match=r"rois\[1\]: a square of 7.5 px"):
        reconstruct(image, rois=[(0, 0, 50, 50), Roi(10, 10, 7.5)])
    with pytest.raises(InputError, match=r"boxes\[0\]: a square"):
        reconstruct(image, boxes=[(10, 10, 14, 15)])


def test_agreement_falls_with_the_distance_of_the_points() -> None:
    wanted = np.random.default_rng(1).uniform(0, 100, (5, 2))
    shifted = [(wanted + np.array([shift, 0])).tolist() for shift in (0, 8, 20, 40)]
    shares = [agreement(points, wanted.tolist(), 100.0) for points in shifted]
    assert shares == pytest.approx([1.0, 1.0, 0.5, 0.0], abs=0.01)


def test_five_points_of_landmarks() -> None:
    landmarks = np.random.default_rng(1).uniform(0, 100, (68, 2))
    assert five_points(landmarks)[0] == pytest.approx(landmarks[36:42].mean(axis=0))
    assert five_points(landmarks)[2:] == pytest.approx(landmarks[[30, 48, 54]])


@pytest.mark.parametrize("crop_size", [100, 120, 128, 300])
def test_presence_is_the_best_product_of_score_and_agreement(crop_size) -> None:
    """The short way and the long one, over landmarks that fit the face ill and well."""
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    look, random = FacePresence(), np.random.default_rng(4)
    photo = read_image("sample:astronaut")
    with FaceReconstructor() as reconstruct:
        (face,) = reconstruct(photo)
    crop = crop_face(photo, face.roi, crop_size)
    way = cv2.INTER_LINEAR if crop_size < 128 else cv2.INTER_AREA
    small = cv2.resize(crop, (64, 64), interpolation=way)
    batch = network_input([small], dataclasses.replace(spec_of_detector(), shape=(3, 64, 64)))
    (output,) = look._session.run(None, {"images": batch})[0]
    scores, points = look._decode.scores_and_points(output, 0.02)
    true = (face.landmarks[:, :2] - (face.roi.x0, face.roi.y0) + 0.5) * 64 / face.roi.side
    seen = []
    for spread in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5):
        on_input = true + random.normal(0, spread, (1, 2)) * 30
        size = float(np.sqrt(np.prod(np.ptp(on_input, axis=0))))
        distance = np.hypot(*np.moveaxis(points - five_points(on_input), -1, 0)).mean(axis=1)
        wanted = (scores * np.clip((0.30 - distance / size) / 0.20, 0, 1)).max()
        landmarks = on_input * crop_size / 64 - 0.5
        (got,) = look([crop], landmarks[None].astype(np.float32))
        assert got == pytest.approx(wanted, abs=1e-5)
        seen.append(got)
    assert max(seen) > 0.9
    assert min(seen) < 0.8


@pytest.mark.parametrize("name", [FACE_DETECTOR, OPEN_FACE_DETECTOR])
def test_the_resized_graph_says_what_the_whole_one_says(name: str) -> None:
    small = open_session(
        resized_graph(asset_path(name).read_bytes(), size=320, to_size=128, strides=(8, 16, 32))
    )
    assert small.get_outputs()[0].shape == ["batch", 15, 336]
    whole = open_session(asset_path(name))
    square = np.random.default_rng(2).normal(size=(1, 3, 128, 128)).astype(np.float32)
    around = np.zeros((1, 3, 320, 320), np.float32)
    around[:, :, :128, :128] = square
    (found,) = small.run(None, {"images": square})
    (wide,) = whole.run(None, {"images": around})
    assert found.shape == (1, 15, 16 * 16 + 8 * 8 + 4 * 4)
    # The first cell of stride 8 sees the same corner, but for what the far edges add.
    assert found[0, :, 0] == pytest.approx(wide[0, :, 0], abs=0.35)


def test_a_graph_that_is_another_one_is_refused() -> None:
    data = asset_path(FACE_DETECTOR).read_bytes()
    with pytest.raises(SpecError, match="cannot be resized"):
        resized_graph(data, size=256, to_size=128, strides=(8, 16, 32))
    with pytest.raises(SpecError, match="damaged"):
        resized_graph(data[:-5], size=320, to_size=128, strides=(8, 16, 32))
