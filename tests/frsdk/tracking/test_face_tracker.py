"""Faces through a stream: kept, lost, found again, refused input."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from frsdk import FaceReconstructor, FaceTracker, InputError, read_image

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")


@pytest.fixture(scope="module")
def reconstruct() -> Iterator[FaceReconstructor]:
    with FaceReconstructor() as opened:
        yield opened


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(read_image("sample:astronaut")[:320, 60:380])


def test_a_face_keeps_its_id_is_lost_and_comes_back(reconstruct, photo) -> None:
    black = np.zeros_like(photo)
    track = FaceTracker(reconstruct)
    for index in range(5):
        (face,) = track(photo, index / 30)
    assert face.id == 0
    assert face.age_s == pytest.approx(4 / 30)
    assert face.presence > 0.9
    assert np.abs(face.landmarks - face.raw.landmarks).max() < 2.0
    assert face.landmarks.shape == (68, 3)
    for index in range(5, 10):
        assert track(black, index / 30) == []
    found = [track(photo, index / 30) for index in range(10, 13)]
    assert found[-1][0].id == 0


@pytest.mark.parametrize("time_s", [0.0, -1.0, math.nan, math.inf, "now", None])
def test_times_that_do_not_run_forward_are_refused(reconstruct, photo, time_s) -> None:
    track = FaceTracker(reconstruct)
    track(photo, 0.0)
    with pytest.raises(InputError, match="expected a"):
        track(photo, time_s)
    assert track(photo, 0.1)[0].id == 0
