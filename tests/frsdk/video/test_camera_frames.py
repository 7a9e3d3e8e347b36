"""The newest frame of a camera that drops, fails, comes back, hangs or is not there."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.video.camera_frames import CameraFrames
from frsdk.video.opencv_capture import CameraSource, PacedCapture, bgr_from_capture
from frsdk.video.track_camera import track_camera

from ..clips import StubTracker, lit_frames, make_clip


class FakeCapture:
    """Gives its frames, then fails; each read waits for a turn where turns are counted."""

    def __init__(self, frames: Sequence[Any], turns: threading.Semaphore | None = None) -> None:
        self._frames, self._turns = list(frames), turns
        self.all_read = threading.Event()
        self.released = False

    def read(self) -> tuple[bool, Any]:
        if not self._frames:
            self.all_read.set()
        if self._turns is not None and not self._turns.acquire(timeout=20):
            raise AssertionError("nobody gave a turn")
        return (True, self._frames.pop(0)) if self._frames else (False, None)

    def release(self) -> None:
        self.released = True


def grey(value: int) -> np.ndarray:
    return np.full((8, 8, 3), value, np.uint8)


def test_only_the_newest_frame_is_taken() -> None:
    turns = threading.Semaphore(10)
    capture = FakeCapture([grey(value) for value in range(10)], turns)
    with CameraFrames(lambda: capture, name="camera 0", finite=True) as camera:
        assert capture.all_read.wait(10)  # ten frames came before the first was asked for
        frames = camera.frames()
        first = next(frames)
        assert (first.index, first.time_s, first.dropped) == (0, 0.0, 9)
        assert (first.image_bgr == 9).all()
        turns.release()  # the read that says it is over
        assert list(frames) == []
    assert capture.released


def test_each_frame_is_taken_once_and_times_increase() -> None:
    turns = threading.Semaphore(1)
    capture = FakeCapture([grey(value) for value in range(6)], turns)
    seen = []
    with CameraFrames(lambda: capture, name="camera 0", finite=True) as camera:
        for frame in camera.frames():
            seen.append(frame)
            turns.release()
    assert [int(frame.image_bgr[0, 0, 0]) for frame in seen] == list(range(6))
    assert [frame.index for frame in seen] == list(range(6))
    assert [frame.dropped for frame in seen] == [0] * 6
    times_s = [frame.time_s for frame in seen]
    assert times_s == sorted(set(times_s)) and times_s[0] == 0


def test_a_lost_camera_is_opened_again() -> None:
    turns = threading.Semaphore(0)
    captures: list[FakeCapture | None] = [
        FakeCapture([grey(1)]),
        None,
        None,
        FakeCapture([grey(2), grey(3)], turns),
    ]
    lost = []
    stop = threading.Event()
    with CameraFrames(
        lambda: captures.pop(0),
        name="camera 0",
        retry_s=0.01,
        on_loss=lambda: lost.append(len(captures)),
    ) as camera:
        frames = camera.frames(stop)
        seen = [int(next(frames).image_bgr[0, 0, 0])]
        for _ in range(2):
            turns.release()
            seen.append(int(next(frames).image_bgr[0, 0, 0]))
        stop.set()
        assert list(frames) == []
        assert camera.losses == 1
        turns.release()
        camera._closing.set()
        turns.release()
    assert seen == [1, 2, 3]
    assert lost[0] == 3


def test_a_camera_that_vanishes_is_an_error() -> None:
    captures: list[FakeCapture] = [FakeCapture([grey(1)])]

    def reopen() -> FakeCapture | None:
        return captures.pop(0) if captures else None

    with CameraFrames(reopen, name="camera 0", patience_s=0.15, retry_s=0.01) as camera:
        frames = camera.frames()
        next(frames)
        with pytest.raises(InputError, match=r"^camera 0: gone: no frame for 0\.15 s$"):
            next(frames)


def test_a_camera_that_hangs_is_an_error() -> None:
    turns = threading.Semaphore(1)
    capture = FakeCapture([grey(1), grey(2)], turns)
    with CameraFrames(lambda: capture, name="camera 0", patience_s=0.1) as camera:
        frames = camera.frames()
        next(frames)
        with pytest.raises(InputError, match="gone"):
            next(frames)
        camera._closing.set()
        turns.release(2)


def test_no_camera() -> None:
    with pytest.raises(InputError, match=r"^camera 3: cannot be opened"):
        CameraFrames(lambda: None, name="camera 3")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((4, 6), 9, np.uint8), (9, 9, 9)),
        (np.full((4, 6, 1), 9, np.uint8), (9, 9, 9)),
        (np.full((4, 6, 4), (1, 2, 3, 4), np.uint8), (1, 2, 3)),
        (np.full((4, 6), 9 * 256 + 200, np.uint16), (9, 9, 9)),
        (np.full((4, 12, 3), (1, 2, 3), np.uint8)[:, ::2], (1, 2, 3)),
    ],
)
def test_frames_of_any_kind_become_bgr(image: Any, expected: tuple[int, ...]) -> None:
    found = bgr_from_capture(image)
    assert found.shape == (4, 6, 3) and found.dtype == np.uint8 and found.flags.c_contiguous
    assert (found == expected).all()


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CameraSource("2").name == "camera 2"
    assert CameraSource("rtsp://me:secret@host/a").name == "rtsp://***@host/a"
    assert CameraSource("rtsp://admin:p@ssw@10.0.0.1:554/s").name == "rtsp://***@10.0.0.1:554/s"
    asked = "http://10.0.0.1/v?user=admin&password=secret&pwd=too&channel=1"
    shown = "http://10.0.0.1/v?user=admin&password=***&pwd=***&channel=1"
    assert CameraSource(asked).name == shown
    assert CameraSource("http://host/a").name == "http://host/a"
    assert CameraSource("http://host/a@b/c").name == "http://host/a@b/c"
    assert CameraSource("/dev/video7").name == "/dev/video7"
    (tmp_path / "a.mp4").touch()
    assert CameraSource(str(tmp_path / "a.mp4")).finite
    with pytest.raises(InputError, match="no such file; a camera is an index"):
        CameraSource("front door")
    with pytest.raises(InputError, match="no camera has this index"):
        CameraSource("99999999999")
    with pytest.raises(InputError, match="no such file; a camera is an index"):
        CameraSource("a" * 300)


def test_what_cannot_be_opened_is_none_and_silent(tmp_path: Path) -> None:
    """In a process of its own: FFmpeg keeps the level that it is first used with."""
    (tmp_path / "a.mp4").write_text("no video")
    texts = ("9999", "/dev/video9999", str(tmp_path / "a.mp4"))
    code = (
        "import sys; from frsdk.video.opencv_capture import CameraSource\n"
        "sys.exit(sum(CameraSource(text).open(1.0) is not None for text in sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *texts]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_runs_at_its_own_speed(tmp_path: Path, make_face: Any) -> None:
    path = make_clip(tmp_path / "a.mp4", lit_frames(10))
    source = CameraSource(str(path))
    tracker = StubTracker(make_face)
    with CameraFrames(lambda: source.open(1.0), name="a", finite=source.finite) as camera:
        report = track_camera(camera, tracker, lambda frame, faces: True)
    assert report.frames + report.dropped == 10
    assert report.frames_with_face == report.frames
    assert report.ids == 1
    assert report.duration_s > 0.2  # 9/30 s, less what the first frames were late


def test_limits(make_face: Any) -> None:
    def endless() -> Any:
        class Endless(FakeCapture):
            def read(self) -> tuple[bool, Any]:
                return True, grey(200)

        return Endless([])

    tracker = StubTracker(make_face)
    for limits, frames in (({"max_frames": 3}, 3), ({"seconds": 0.05}, None)):
        with CameraFrames(endless, name="camera 0") as camera:
            report = track_camera(camera, tracker, lambda frame, faces: True, **limits)
        assert report.frames == frames if frames else report.duration_s < 0.05
    with CameraFrames(endless, name="camera 0") as camera:
        report = track_camera(camera, tracker, lambda frame, faces: frame.index < 4)
    assert report.frames == 5


class Recording:
    """Frames at positions in seconds, as OpenCV tells them."""

    def __init__(self, positions_s: Sequence[float]) -> None:
        self._left, self._at_s = list(positions_s), 0.0

    def read(self) -> tuple[bool, Any]:
        if not self._left:
            return False, None
        self._at_s = self._left.pop(0)
        return True, grey(1)

    def get(self, name: int) -> float:
        return self._at_s * 1000

    def release(self) -> None:
        pass


def test_a_file_is_played_at_its_speed_and_waited_for() -> None:
    """A pause is waited for beyond the patience; a jump of the file's clock is not."""
    capture = PacedCapture(Recording([0.0, 0.05, 0.4, 900.0, 900.05]))  # type: ignore[arg-type]
    began_s = time.perf_counter()
    with CameraFrames(lambda: capture, name="a.mkv", finite=True, patience_s=0.1) as camera:
        frames = list(camera.frames())
    assert sum(1 + frame.dropped for frame in frames) == 5  # two may come at once after a jump
    assert 0.44 <= time.perf_counter() - began_s < 20 and frames[-1].time_s >= 0.44


def test_closing_ends_the_wait_for_a_frame() -> None:
    capture = PacedCapture(Recording([0.0, 50.0]))  # type: ignore[arg-type]
    with CameraFrames(lambda: capture, name="a.mkv", finite=True) as camera:
        next(camera.frames())
        began_s = time.perf_counter()
    assert time.perf_counter() - began_s < 1.5
    assert not any(each.name == "frsdk-camera" for each in threading.enumerate())


@pytest.mark.parametrize("name", ["12:30 clip.avi", "concat:x.avi", "a%03d.avi"])
def test_a_file_s_name_is_no_address(tmp_path: Path, name: str, monkeypatch: Any) -> None:
    make_clip(tmp_path / "plain.avi", lit_frames(3), codec="mjpeg", pix_fmt="yuvj420p")
    (tmp_path / "plain.avi").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    capture = CameraSource(name).open(5.0)
    assert capture is not None and capture.read()[0]
    capture.release()


def test_the_address_of_a_clip_ends(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a b.mp4", lit_frames(3))
    by_file = CameraSource(clip.as_uri())
    assert by_file.finite and by_file.name == str(clip)
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *values: None})
    handler = functools.partial(quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = CameraSource(f"http://127.0.0.1:{server.server_port}/a%20b.mp4")
        with CameraFrames(lambda: source.open(5.0), name=source.name) as camera:
            seen = sum(1 + frame.dropped for frame in camera.frames())
        server.shutdown()
    assert seen == 3 and camera.losses == 0
