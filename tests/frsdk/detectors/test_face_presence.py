"""A crop shows the face that the landmarks say, or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from frsdk import FaceReconstructor, InputError, Roi, read_image
from frsdk.backends.onnxruntime_session import open_session
from frsdk.detectors.face_presence import agreement, five_points
from frsdk.detectors.resized_graph import resized_graph
from frsdk.errors import SpecError
from frsdk.installation.asset_files import FACE_DETECTOR, asset_path

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")


@pytest.fixture(scope="module")
def reconstruct() -> Iterator[FaceReconstructor]:
    with FaceReconstructor() as opened:
        yield opened


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
    random = np.random.default_rng(1)
    landmarks = random.uniform(0, 100, (68, 2))
    landmarks[0], landmarks[1] = (0, 0), (100, 100)
    points = np.stack([five_points(landmarks) + np.array([shift, 0]) for shift in (0, 8, 20, 40)])
    assert agreement(points, landmarks) == pytest.approx([1.0, 1.0, 0.5, 0.0], abs=0.01)
    assert five_points(landmarks)[0] == pytest.approx(landmarks[36:42].mean(axis=0))
    assert five_points(landmarks)[2:] == pytest.approx(landmarks[[30, 48, 54]])


def test_the_resized_graph_says_what_the_whole_one_says() -> None:
    small = open_session(
        resized_graph(
            asset_path(FACE_DETECTOR).read_bytes(), size=320, to_size=128, strides=(8, 16, 32)
        )
    )
    whole = open_session(asset_path(FACE_DETECTOR))
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
