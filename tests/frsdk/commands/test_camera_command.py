"""`frsdk camera`: lines for other programs, limits, and cameras that are not there."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from click.testing import CliRunner, Result

from frsdk.commands.cli import main
from frsdk.video.opencv_capture import CameraSource

from ..clips import StubReconstructor, StubTracker

Run = Callable[[Sequence[str]], Result]


class StubFaceTracker(StubTracker):
    signal_number: ClassVar[int | None] = None

    def __call__(self, frame_bgr: Any, timestamp_s: float) -> list[Any]:
        if len(self.times_s) == 3 and self.signal_number is not None:
            os.kill(os.getpid(), self.signal_number)
        return super().__call__(frame_bgr, timestamp_s)

    def __enter__(self) -> StubFaceTracker:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class FakeCapture:
    """Bright frames, `count` of them."""

    def __init__(self, count: int) -> None:
        self._left = count

    def read(self) -> tuple[bool, Any]:
        self._left -= 1
        return self._left >= 0, np.full((96, 128, 3), 200, np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, make_face: Any) -> Run:
    monkeypatch.setattr("frsdk.reconstructor.FaceReconstructor", StubReconstructor)
    monkeypatch.setattr(StubFaceTracker, "signal_number", None)
    monkeypatch.setattr(
        "frsdk.tracking.face_tracker.FaceTracker",
        lambda reconstructor, **options: StubFaceTracker(make_face),
    )
    monkeypatch.setattr(CameraSource, "open", lambda self, timeout: FakeCapture(10**9))
    return lambda arguments: CliRunner().invoke(main, arguments, prog_name="frsdk")


def test_json_lines(run: Run) -> None:
    result = run(["camera", "--json", "--frames", "4"])
    assert (result.exit_code, result.stderr) == (0, "")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["frame"] for record in records] == [0, 1, 2, 3]
    assert all(record["faces"][0]["id"] == 7 for record in records)
    assert all(record["dropped"] >= 0 for record in records)
    times_s = [record["time_s"] for record in records]
    assert times_s[0] == 0 and times_s == sorted(set(times_s))


def test_summary(run: Run) -> None:
    result = run(["camera", "1", "--frames", "4", "--faces", "2", "--min-score", "0.5"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("a face in 4 of 4 frames, 1 id (")
    assert StubReconstructor.options["max_faces"] == 2
    assert StubReconstructor.options["min_score"] == 0.5


def test_seconds(run: Run) -> None:
    result = run(["camera", "--seconds", "0.2", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["time_s"] < 0.2


@pytest.mark.skipif(sys.platform == "win32", reason="signals to oneself are POSIX")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_ctrl_c_is_how_it_ends(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, exit_code: int
) -> None:
    monkeypatch.setattr(StubFaceTracker, "signal_number", number)
    result = run(["camera", "--json"])
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert len(result.stdout.splitlines()) == 4
    assert json.loads(result.stdout.splitlines()[-1])["frame"] == 3


def test_no_camera(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CameraSource, "open", lambda self, timeout: None)
    result = run(["camera", "3"])
    assert result.exit_code == 1
    assert result.stderr == (
        "frsdk: camera 3: cannot be opened: is it there, and does no other program use it?\n"
    )


def test_a_camera_that_vanishes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    captures: list[Any] = [FakeCapture(5)]
    monkeypatch.setattr(
        CameraSource, "open", lambda self, timeout: captures.pop() if captures else None
    )
    result = run(["camera", "--patience", "0.2", "--json"])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "frsdk: camera 0: lost, opening it again",
        "frsdk: camera 0: gone: no frame for 0.2 s",
    ]
    assert all(json.loads(line) for line in result.stdout.splitlines())


def test_show_without_windows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.getBuildInformation", lambda: "  GUI:     NONE\n")
    result = run(["camera", "--show"])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("frsdk: --show needs an OpenCV with windows")


def test_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    class Window:
        def __init__(self, title: str) -> None:
            pass

        def __enter__(self) -> Window:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def show(self, image: Any) -> bool:
            shown.append(image)
            return len(shown) < 3

    monkeypatch.setattr("frsdk.video.preview_window.PreviewWindow", Window)
    assert run(["camera", "--show"]).exit_code == 0
    assert len(shown) == 3
    assert all((image != 200).any() for image in shown)  # something is drawn


@pytest.mark.parametrize(
    "arguments",
    [
        ["--frames", "0"],
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--patience", "inf"],
        ["0", "1"],
    ],
)
def test_usage_errors(run: Run, arguments: list[str]) -> None:
    assert run(["camera", *arguments]).exit_code == 2
