"""What a network says about a set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frsdk import Detection
from frsdk.benchmarks.accuracy.predict_faces import predict
from frsdk.benchmarks.protocols.face_set import FaceSet, Picture, Truth, landmark_boxes
from frsdk.errors import InputError
from frsdk.imaging.roi import Roi
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.reconstructor import FaceReconstructor

TWICE = np.array([[2.0, 0.0, 7.0], [0.0, 2.0, -3.0]])


@pytest.fixture
def pictures() -> list[Picture]:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, 200, 200, 3), np.uint8)
    return [
        Picture("a", lambda: images[0], Roi(30.0, 40.0, 120.0), TWICE),
        Picture("b", lambda: images[1], Roi(50.0, 45.0, 90.0), TWICE),
    ]


def set_of(pictures: list[Picture], **other) -> FaceSet:
    points = np.random.default_rng(1).uniform(0, 100, (len(pictures), 68, 2))
    rows = np.arange(len(pictures))
    truth = Truth("t", rows, points, landmark_boxes(points), np.zeros(len(pictures)))
    return FaceSet("s", pictures, [truth], **other)


def landmarks_only(model: MorphableModel) -> MorphableModel:
    columns = (model.landmark_indices[:, None] * 3 + np.arange(3)).reshape(-1)
    return replace(
        model,
        name="points",
        basis=model.basis[:, columns],
        landmark_indices=np.arange(68, dtype=np.int32),
        triangles=np.zeros((0, 3), np.int32),
        uv=np.zeros((0, 2), np.float32),
        mirror=np.zeros(0, np.int32),
    )


def test_the_true_square_gives_what_the_reconstructor_gives(
    tiny_onnx, tiny_model, pictures
) -> None:
    calls = []
    with FaceReconstructor(engine=tiny_onnx, face_model=tiny_model) as network:
        found = predict(network, set_of(pictures), on_progress=lambda: calls.append(1))
        for row, picture in enumerate(pictures):
            (face,) = network(picture.load(), rois=[picture.roi])
            wanted = face.landmarks[:, :2] * 2.0 + (7.0, -3.0)  # into the labels' pixels
            assert found.landmarks[row] == pytest.approx(wanted, abs=1e-3)
            assert tuple(found.pose_deg[row]) == face.pose.angles_300w_lp
    assert len(calls) == 2
    assert np.isnan(found.reconstruction_percent).all()


def test_detections_are_matched_and_misses_are_nan(tiny_onnx, tiny_model, pictures) -> None:
    def detector(image: np.ndarray) -> list[Detection]:
        if np.array_equal(image, pictures[1].load()):
            return [Detection((0.0, 0.0, 20.0, 20.0), 0.9)]  # somebody else
        return [Detection((5.0, 5.0, 25.0, 25.0), 0.99), Detection((35.0, 40.0, 145.0, 150.0), 0.5)]

    with FaceReconstructor(engine=tiny_onnx, face_model=tiny_model, detector=detector) as network:
        found = predict(network, set_of(pictures), detect=True)
        faces = network(pictures[0].load())
    largest = max(faces, key=lambda face: face.roi.side)
    assert found.landmarks[0] == pytest.approx(largest.landmarks[:, :2] * 2 + (7, -3), abs=1e-3)
    assert np.isnan(found.landmarks[1]).all() and np.isnan(found.pose_deg[1]).all()


def test_a_detector_gets_no_network_crops(tiny_onnx, tiny_model, pictures) -> None:
    crops = [replace(picture, is_crop=True) for picture in pictures]
    with (
        FaceReconstructor(engine=tiny_onnx, face_model=tiny_model) as network,
        pytest.raises(InputError, match="a: is a network crop"),
    ):
        predict(network, set_of(crops), detect=True)


@pytest.mark.parametrize("kind", ["same model", "landmarks only", "other mesh", "3d landmarks"])
def test_the_right_points_are_compared(tiny_onnx, tiny_model, pictures, kind: str) -> None:
    """A truth made of the network's own parameters leaves no error; another shape does."""
    with FaceReconstructor(engine=tiny_onnx, face_model=tiny_model) as network:
        params = np.array([network(p.load(), rois=[p.roi])[0].params for p in pictures], float)
        params[1, 12:] += 0.5
        if kind == "3d landmarks":
            points = tiny_model.decode_landmarks(params, size=120).astype(float)
            found = predict(network, set_of(pictures, landmarks_3d=points))
        else:
            model = tiny_model if kind == "same model" else landmarks_only(tiny_model)
            if kind == "other mesh":
                pytest.importorskip("scipy", reason="needs scipy (frsdk[eval])")
                model = replace(tiny_model, name="renamed")
            faces = set_of(pictures, surface_params=params)
            found = predict(network, faces, truth_model=model)
    assert (
        found.compared
        == {
            "same model": "169 vertices, corresponding",
            "landmarks only": "68 landmarks",
            "other mesh": "169 true vertices, closest points after ICP",
            "3d landmarks": "68 landmarks",
        }[kind]
    )
    assert found.reconstruction_percent[0] == pytest.approx(0.0, abs=0.01)
    assert found.reconstruction_percent[1] > 1.0
