"""Faces through a stream: kept, lost, found again, refused input."""

from __future__ import annotations

import gc
import math
import threading
import tracemalloc
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from frsdk import Detection, FaceReconstructor, FaceTracker, InputError, Roi, Smoothing, read_image
from frsdk.face import Face, face_from_params
from frsdk.morphable.morphable_model import builtin_face_model

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")


@pytest.fixture(scope="module")
def reconstruct() -> Iterator[FaceReconstructor]:
    with FaceReconstructor() as opened:
        yield opened


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(read_image("sample:astronaut")[:320, 60:380])


def counted(reconstruct: FaceReconstructor, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each detection."""
    looks: list[int] = []
    detect = reconstruct.detector

    def look(image: np.ndarray) -> object:
        looks.append(1)
        return detect(image)

    monkeypatch.setitem(reconstruct.__dict__, "_detector", look)
    return looks


def test_a_face_keeps_its_id_is_lost_and_comes_back(reconstruct, photo, monkeypatch) -> None:
    looks = counted(reconstruct, monkeypatch)
    black = np.zeros_like(photo)
    track = FaceTracker(reconstruct)
    for index in range(8):
        (face,) = track(photo, index / 30)
    assert len(looks) == 1  # none in the steady state
    assert face.id == 0
    assert face.age_s == pytest.approx(7 / 30)
    assert face.presence > 0.9
    assert np.abs(face.landmarks - face.raw.landmarks).max() < 2.0
    assert face.landmarks.shape == (68, 3)
    assert track(black, 8 / 30) == []
    assert len(looks) == 2  # on the loss at once
    for index in range(9, 38):  # a second
        assert track(black, index / 30) == []
    assert len(looks) <= 2 + math.ceil(29 / 30 / 0.08)
    found = [track(photo, index / 30) for index in range(38, 41)]
    assert found[-1][0].id == 0
    for index in range(41, 80):
        track(black, index / 30)
    found = [track(photo, index / 30) for index in range(80, 83)]
    assert found[-1][0].id == 1  # after more than a second nobody is remembered


def test_the_score_is_the_detectors(reconstruct, photo) -> None:
    (detected,) = reconstruct(photo)
    assert detected.score < 1.0
    track = FaceTracker(reconstruct)
    for index in range(3):
        (face,) = track(photo, index / 30)
        assert face.score == face.raw.score == detected.score
        assert face.image_size_wh == (photo.shape[1], photo.shape[0])


def test_a_detection_too_small_for_the_network_is_no_error(photo) -> None:
    found = [Detection((200.0, 100.0, 204.0, 104.0), 0.9)]
    with FaceReconstructor(detector=lambda image: found) as reconstruct:
        track = FaceTracker(reconstruct)
        assert track(photo, 0.0) == [] == track(photo, 0.1)


def test_a_frame_that_failed_may_come_again(reconstruct, photo, monkeypatch) -> None:
    track = FaceTracker(reconstruct)
    (face,) = track(photo, 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(track, "_follow", lambda *_: (_ for _ in ()).throw(InputError("broken")))
        with pytest.raises(InputError, match="broken"):
            track(photo, 0.1)
    assert [each.id for each in track(photo, 0.1)] == [face.id]


def test_a_face_that_leans_is_followed_as_well_as_it_is_detected(reconstruct, photo) -> None:
    (straight,) = reconstruct(photo)
    middle = straight.landmarks[:, :2].mean(axis=0)
    # At 60 degrees the detector is at its limit: a tenth of a pixel decides what it finds.
    turn = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), -50.0, 1.0)
    leaning = cv2.warpAffine(photo, turn, (320, 320), borderMode=cv2.BORDER_REPLICATE)
    truth = straight.landmarks[:, :2] @ turn[:, :2].T + turn[:, 2]
    size = math.sqrt(np.prod(np.ptp(truth, axis=0)))

    def nme(face) -> float:
        return float(np.linalg.norm(face.landmarks[:, :2] - truth, axis=1).mean() / size)

    (detected,) = reconstruct(leaning)
    track = FaceTracker(reconstruct, smoothing=None)
    errors = [nme(track(leaning, index / 30)[0]) for index in range(30)]
    assert max(errors) < min(1.2 * nme(detected), 0.015)


@pytest.mark.parametrize("time_s", [0.0, -1.0, math.nan, math.inf, "now", None])
def test_times_that_do_not_run_forward_are_refused(reconstruct, photo, time_s) -> None:
    track = FaceTracker(reconstruct)
    track(photo, 0.0)
    with pytest.raises(InputError, match="expected a"):
        track(photo, time_s)
    assert track(photo, 0.1)[0].id == 0


def test_frames_of_another_kind_are_refused_and_of_another_size_begin_anew(
    reconstruct, photo
) -> None:
    track = FaceTracker(reconstruct)
    assert track(photo, 0.0)[0].id == 0
    with pytest.raises(InputError, match="GRAY2BGR"):
        track(photo[:, :, 0], 0.1)
    with pytest.raises(InputError, match="BGRA2BGR"):
        track(np.dstack([photo, photo[:, :, :1]]), 0.1)
    assert track(photo, 0.1)[0].id == 0
    (face,) = track(np.ascontiguousarray(photo[:, 10:]), 0.2)
    assert face.id == 1
    assert face.age_s == 0.0
    track.reset()
    assert track(photo, 0.0)[0].id == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_faces": 0}, "max_faces"),
        ({"redetect_s": -1.0}, "redetect_s"),
        ({"redetect_s": math.nan}, "redetect_s"),
        ({"min_presence": 1.5}, "min_presence"),
        ({"smoothing": "much"}, "'balanced', 'steady', 'responsive'"),
    ],
)
def test_impossible_options_are_refused(reconstruct, options, said) -> None:
    with pytest.raises(InputError, match=said):
        FaceTracker(reconstruct, **options)


def test_two_threads_in_one_tracker_are_an_error(reconstruct, photo, monkeypatch) -> None:
    track = FaceTracker(reconstruct)
    inside, go_on = threading.Event(), threading.Event()
    detect = reconstruct.detector

    def slow(image: np.ndarray) -> object:
        inside.set()
        go_on.wait(30)
        return detect(image)

    monkeypatch.setitem(reconstruct.__dict__, "_detector", slow)
    worker = threading.Thread(target=track, args=(photo, 0.0))
    worker.start()
    assert inside.wait(30)
    try:
        with pytest.raises(InputError, match="another thread"):
            track(photo, 1.0)
        with pytest.raises(InputError, match="another thread"):
            track.reset()
    finally:
        go_on.set()
        worker.join()
    assert track(photo, 2.0)[0].id == 0


def test_trackers_that_share_a_reconstructor_leave_it_open_and_each_other_alone(
    reconstruct, photo
) -> None:
    with FaceTracker(reconstruct) as first, FaceTracker(reconstruct) as second:
        assert first(photo, 0.0)[0].id == 0
        assert second(np.zeros_like(photo), 0.0) == []
        assert second(photo, 5.0)[0].id == 0
    assert len(reconstruct(photo)) == 1


def test_what_a_face_has(reconstruct, photo, tmp_path) -> None:
    (face,) = FaceTracker(reconstruct, smoothing=None)(photo, 0.0)
    assert face.smooth is face.raw
    assert np.array_equal(reconstruct(photo, rois=[face.roi])[0].landmarks, face.landmarks)
    assert face.vertices.shape == (face.face_model.n_vertices, 3)
    assert face.draw(photo).shape == photo.shape
    face.save(tmp_path / "face.ply")
    assert (tmp_path / "face.ply").stat().st_size > 1000
    document = face.to_dict()
    assert (document["id"], document["age_s"]) == (0, 0.0)
    assert len(document["landmarks_px"]) == 68


class Pictured:
    """A reconstructor whose frames are numbers: one face, or none where the frame is dark."""

    def __init__(self) -> None:
        self.model = builtin_face_model()

    def __call__(self, frame, *, rois=None, presence=False) -> list[Face]:
        params = np.zeros((1, 62), np.float32)
        params[0, [0, 5, 10]] = 0.5
        params[0, [3, 7]] = 60.0
        there = bool(frame[0, 0, 0])
        if rois is None:
            rois = [Roi(100.0, 100.0, 200.0)] if there else []
        points = self.model.decode_landmarks(params, size=120)[0]
        return [
            face_from_params(
                params[0],
                points,
                roi=roi,
                box_xyxy=None,
                score=0.9,
                face_model=self.model,
                crop_size=120,
                presence=0.9 if there else 0.0,
            )
            for roi in rois
        ]


def test_memory_is_flat_over_many_frames() -> None:
    light = np.full((400, 400, 3), 200, np.uint8)
    dark = np.zeros_like(light)
    track = FaceTracker(Pictured(), max_faces=2, smoothing=Smoothing())
    tracemalloc.start()
    try:
        for index in range(650):
            track(dark if index % 200 > 150 else light, index / 30)
            if index == 250:  # a lost face has been forgotten once
                gc.collect()
                early = tracemalloc.get_traced_memory()[0]
        gc.collect()
        late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert late - early < 40_000  # one face's landmarks a frame would be 300,000


def test_a_reconstructor_of_fewer_faces_is_refused(photo) -> None:
    with FaceReconstructor(max_faces=1) as one:
        FaceTracker(one)
        with pytest.raises(InputError, match="finds at most 1 faces, 4 are to be followed"):
            FaceTracker(one, max_faces=4)
    for bad in (1.5, "2", 0):
        with pytest.raises(InputError, match="max_faces"):
            FaceTracker(max_faces=bad)
    with pytest.raises(InputError, match="expected a FaceReconstructor, got str"):
        FaceTracker("builtin")


def test_times_a_hair_apart_give_numbers(reconstruct, photo) -> None:
    track = FaceTracker(reconstruct)
    for time_s in (0.0, 5e-324, 1e-300, 0.1):
        (face,) = track(photo, time_s)
        assert np.isfinite(face.landmarks).all()


def test_a_tracked_face_gives_what_a_face_does(reconstruct, photo, tmp_path) -> None:
    (face,) = FaceTracker(reconstruct)(photo, 0.0)
    assert face.texture(photo, 64).image.shape == (64, 64, 3)
    assert face.visible.shape == (68,) and face.frontal_vertices.shape == face.vertices.shape
    face.save(tmp_path / "a.glb", photo, frontal=True, texture_size=64)
    assert (tmp_path / "a.glb").stat().st_size > 1000
    assert face.to_dict()["presence"] == face.presence
