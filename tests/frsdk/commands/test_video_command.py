"""`frsdk video`: what is printed, exit codes, and signals."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from frsdk.commands.cli import main

from ..clips import StubReconstructor, StubTracker, decoded, lit_frames, make_clip
from .every_network_option import ARGUMENTS, NAMED

Run = Callable[[Sequence[str]], Result]


class StubFaceTracker(StubTracker):
    """The stand-in as a context manager; at frame 20 it sends this process a signal."""

    options: ClassVar[dict[str, Any]] = {}
    signal_number: ClassVar[int | None] = None

    def __init__(self, reconstructor: Any, make_face: Any, **options: Any) -> None:
        super().__init__(make_face)
        type(self).options = {"reconstructor": type(reconstructor), **options}

    def __call__(self, frame_bgr: Any, timestamp_s: float) -> list[Any]:
        if len(self.times_s) == 20 and self.signal_number is not None:
            os.kill(os.getpid(), self.signal_number)
        return super().__call__(frame_bgr, timestamp_s)

    def __enter__(self) -> StubFaceTracker:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, make_face: Any) -> Run:
    monkeypatch.setattr("frsdk.reconstructor.FaceReconstructor", StubReconstructor)
    monkeypatch.setattr(StubFaceTracker, "signal_number", None)
    monkeypatch.setattr(
        "frsdk.tracking.face_tracker.FaceTracker",
        lambda reconstructor, **options: StubFaceTracker(reconstructor, make_face, **options),
    )
    return lambda arguments: CliRunner().invoke(main, arguments, prog_name="frsdk")


def test_summary(run: Run, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(12, dark=(3,)))
    out = tmp_path / "out"
    result = run(["video", str(source), "-o", str(out), "--csv"])
    assert result.stderr == ""
    assert result.exit_code == 0
    first, _, rest = result.stdout.partition(" (")
    assert first == "a face in 11 of 12 frames, 1 id"
    assert rest.partition("; ")[2] == (
        f"{out / 'a.overlay.mp4'}, {out / 'faces.jsonl'}, {out / 'faces.csv'}\n"
    )
    assert len(decoded(out / "a.overlay.mp4")) == 12


def test_json_is_all_of_stdout(run: Run, tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mov", lit_frames(12), codec="png", pix_fmt="rgb24", damaged=[2, 5]
    )
    out = tmp_path / "out"
    result = run(["video", str(source), "-o", str(out), "--json"])
    assert result.exit_code == 0
    assert result.stderr == f"frsdk: {source}: 2 frames damaged and left out\n"
    summary = json.loads(result.stdout)
    assert summary.pop("elapsed_s") > 0 and summary.pop("frames_per_s") > 0
    assert summary.pop("duration_s") == pytest.approx(11 / 30, abs=2e-3)
    assert summary == {
        "input": str(source),
        "complete": True,
        "overlay": str(out / "a.overlay.mp4"),
        "faces_file": str(out / "faces.jsonl"),
        "csv": None,
        "parquet": None,
        "blendshapes": None,
        "meshes": 0,
        "frames": 10,
        "frames_with_face": 10,
        "ids": 1,
        "damaged": 2,
        "resized": 0,
        "retimed": 0,
        "width": 128,
        "height": 96,
        "audio": None,
    }


def test_every_option_is_used(run: Run, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(5))
    out = tmp_path / "out"
    arguments = ["video", str(source), "-o", str(out), "--faces", "2", "--smoothing", "none"]
    arguments += ["--no-overlay", "--mesh", "obj", "--every", "2", *ARGUMENTS]
    assert run([*arguments, "--max-pixels", "12288"]).exit_code == 0
    assert StubFaceTracker.options == {
        "reconstructor": StubReconstructor,
        "max_faces": 2,
        "smoothing": None,
    }
    assert StubReconstructor.options == {**NAMED, "max_faces": 2}
    assert sorted(path.name for path in out.iterdir()) == ["faces.jsonl", "meshes"]
    assert sorted(path.name for path in (out / "meshes").iterdir()) == [
        "000000.7.obj", "000002.7.obj", "000004.7.obj"
    ]  # fmt: skip
    result = run([*arguments, "--max-pixels", "12287"])
    assert result.exit_code == 1
    assert "128x96 = 12288, at most 12287" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals to oneself are POSIX")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_signals_leave_whole_files(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, exit_code: int
) -> None:
    monkeypatch.setattr(StubFaceTracker, "signal_number", number)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    source = make_clip(tmp_path / "a.mp4", lit_frames(90), audio="aac")
    out = tmp_path / "out"
    result = run(["video", str(source), "-o", str(out), "--json"])
    assert result.exit_code == exit_code
    summary = json.loads(result.stdout)
    assert not summary["complete"]
    assert 21 <= summary["frames"] < 90
    assert result.stderr == (
        f"frsdk: {source}: stopped after {summary['frames']} frames: the files hold them\n"
    )
    assert sorted(path.name for path in out.iterdir()) == ["a.overlay.mp4", "faces.jsonl"]
    assert len(decoded(out / "a.overlay.mp4")) == summary["frames"]
    assert len((out / "faces.jsonl").read_text().splitlines()) == summary["frames"]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_file_that_is_cut_off_is_done_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(60), options={"g": "10", "crf": "1"})
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])
    result = run(["video", str(source), "-o", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 1
    frames = json.loads(result.stdout)["frames"]
    assert 5 < frames < 60
    line = result.stderr.splitlines()[-1]
    assert line == f"frsdk: {source}: ends too early (cut off?): {frames} frames were there"
    assert len(decoded(tmp_path / "out" / "a.overlay.mp4")) == frames


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.mp4"],
        *(["a.mp4", "-o", "out", "--every", each] for each in ("0", "5", "30")),  # 30: the default
    ],
)
def test_usage_errors(run: Run, arguments: list[str]) -> None:
    assert run(["video", *arguments]).exit_code == 2


def test_errors_are_one_line_and_leave_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no")
    result = run(["video", str(tmp_path / "a.mp4"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"frsdk: {tmp_path / 'a.mp4'}: not a video")
    assert not (tmp_path / "out").exists()


def test_without_pyav_the_extra_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    result = run(["video", "a.mp4", "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("frsdk: PyAV, which reads and writes videos, is not installed: pip ")
    assert line.endswith('[video]"')


def test_without_pyarrow_the_extra_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(3))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run(["video", str(source), "-o", str(tmp_path / "out"), "--parquet"])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("frsdk: pyarrow, which writes Parquet, is not installed: pip install ")
    assert line.endswith('[parquet]"')
    assert list((tmp_path / "out").iterdir()) == []
