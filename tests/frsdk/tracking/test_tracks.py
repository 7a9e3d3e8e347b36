"""Which face is whose."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk import Roi, roi_from_landmarks
from frsdk.face import Face, face_from_params
from frsdk.tracking.tracks import Track, best_owner, overlap, split_by_owner


@pytest.fixture
def face_at(tiny_model):
    def make(x: float, y: float = 100.0, side: float = 120.0, shape: float = 0.0) -> Face:
        params = np.zeros(62, np.float32)
        params[[0, 5, 10]] = 0.5
        params[[3, 7]] = 60.0
        params[12] = shape
        return face_from_params(
            params,
            tiny_model.decode_landmarks(params[None], size=120)[0],
            roi=Roi(x - side / 2, y - side / 2, side),
            box_xyxy=None,
            score=1.0,
            face_model=tiny_model,
            crop_size=120,
        )

    return make


def track_of(number: int, face: Face, time_s: float = 0.0) -> Track:
    return Track(number, time_s, face, roi_from_landmarks(face.landmarks), None)


def moved(track: Track, faces: list[Face]) -> float:
    """Take faces at 30 a second; the last one's time."""
    for index, face in enumerate(faces, start=1):
        track.take(face, roi_from_landmarks(face.landmarks), index / 30)
    return len(faces) / 30


def test_of_two_with_one_face_the_one_it_fits_keeps_it(face_at) -> None:
    left, right = track_of(0, face_at(100)), track_of(1, face_at(220))
    time_s = moved(left, [face_at(100 + 10 * i) for i in range(1, 6)])
    moved(right, [face_at(220 - 10 * i) for i in range(1, 6)])
    shared = face_at(165)  # where the left one would be a little later
    kept, hidden = split_by_owner([(right, shared), (left, face_at(160))], time_s + 1 / 30)
    assert [track.id for track, _ in kept] == [0]
    assert hidden == [right]
    apart = [(left, face_at(160)), (right, face_at(300))]
    assert split_by_owner(apart, time_s + 1 / 30)[1] == []


def test_a_face_that_comes_back_goes_to_whom_it_looks_like(face_at) -> None:
    first, second = track_of(3, face_at(100, shape=1.0)), track_of(4, face_at(110, shape=-1.0))
    assert best_owner([first, second], face_at(105, shape=-0.9), 0.5) is second
    assert best_owner([first, second], face_at(105, shape=0.9), 0.5) is first
    assert best_owner([first, second], face_at(400), 0.5) is None  # elsewhere
    assert best_owner([first, second], face_at(105, side=300), 0.5) is None  # of another size
    assert best_owner([], face_at(105), 0.5) is None


def test_overlap_of_landmark_boxes(face_at) -> None:
    assert overlap(face_at(100), face_at(100)) == pytest.approx(1.0)
    assert overlap(face_at(100), face_at(400)) == 0.0
