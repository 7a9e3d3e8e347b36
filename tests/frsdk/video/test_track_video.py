"""A video through a tracker into files."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frsdk.errors import BackendError, InputError, OutputError
from frsdk.video.face_table import COLUMNS
from frsdk.video.output_paths import output_paths
from frsdk.video.track_video import VideoReport, track_video
from frsdk.video.video_defaults import VideoOptions
from frsdk.video.video_reader import VideoReader

from ..clips import decoded, lit_frames, make_clip

pytest.importorskip("av", reason="needs PyAV (frsdk[video])")


def run(source: Path, track: Any, out: Path, stop: Any = None, **options: Any) -> VideoReport:
    paths = output_paths(source, out)
    with VideoReader(source) as reader:
        return track_video(reader, track, paths, VideoOptions(**options), stop=stop)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_everything_is_written(tmp_path: Path, tracker: Any) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow (frsdk[parquet])")
    import pyarrow.parquet

    times_s = [index * 0.05 + index % 3 * 0.01 for index in range(12)]
    frames = lit_frames(12, dark=(4, 5))
    source = make_clip(tmp_path / "a.mp4", frames, times_s=times_s, audio="aac")
    out = tmp_path / "out"
    report = run(source, tracker, out, csv=True, parquet=True, mesh="ply", every=4)
    assert names(out) == [
        "a.overlay.mp4", "faces.csv", "faces.jsonl", "faces.parquet", "meshes",
        "meshes/000000.7.ply", "meshes/000008.7.ply",
    ]  # fmt: skip
    assert (report.frames, report.frames_with_face, report.ids) == (12, 10, 1)
    assert (report.width, report.height, report.audio, report.meshes) == (128, 96, "aac", 2)
    assert not (report.interrupted or report.truncated or report.damaged or report.retimed)
    assert report.duration_s == pytest.approx(times_s[-1], abs=1e-4)
    assert tracker.times_s == pytest.approx(times_s, abs=1e-4)

    records = lines(out / "faces.jsonl")
    assert [record["frame"] for record in records] == list(range(12))
    assert [record["time_s"] for record in records] == pytest.approx(times_s, abs=1e-4)
    assert [len(record["faces"]) for record in records] == [1] * 4 + [0] * 2 + [1] * 6
    face = tracker(frames[0], 0.0)[0]
    assert records[0]["faces"][0]["id"] == 7
    assert np.allclose(records[0]["faces"][0]["landmarks_px"], face.landmarks, rtol=1e-5)

    with (out / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11]
    assert float(rows[4]["time_s"]) == pytest.approx(times_s[6], abs=1e-4)
    found = [[float(rows[0][f"{axis}_{point}"]) for axis in "xyz"] for point in range(68)]
    assert np.allclose(found, face.landmarks, rtol=1e-6)
    assert float(rows[0]["pitch_deg"]) == -2.5
    table = pyarrow.parquet.read_table(out / "faces.parquet").to_pydict()
    assert tuple(table) == COLUMNS
    for column in COLUMNS:
        assert np.allclose(table[column], [float(row[column]) for row in rows], rtol=1e-5)

    overlay = decoded(out / "a.overlay.mp4")
    assert [time for time, _ in overlay] == pytest.approx(times_s, abs=1e-4)
    assert np.abs(overlay[4][1].astype(int) - frames[4]).max() < 20  # nothing drawn
    assert np.abs(overlay[0][1].astype(int) - frames[0])[30:66, 40:80].mean() > 12


def test_an_overlay_by_name_has_its_records_beside_it(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(3))
    run(source, tracker, tmp_path / "out" / "b.mp4", csv=True)
    assert names(tmp_path / "out") == ["b.faces.csv", "b.faces.jsonl", "b.mp4"]


def test_without_an_overlay_only_records(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(3), audio="aac")
    report = run(source, tracker, tmp_path / "out", overlay=False)
    assert names(tmp_path / "out") == ["faces.jsonl"]
    assert report.audio is None


def test_a_stop_leaves_whole_files_of_what_was_done(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(100), audio="aac")
    stop = threading.Event()

    def track(frame: Any, time_s: float) -> Any:
        if len(tracker.times_s) == 20:
            stop.set()
        return tracker(frame, time_s)

    report = run(source, track, tmp_path / "out", stop, csv=True)
    assert report.interrupted
    assert 21 <= report.frames < 60
    assert names(tmp_path / "out") == ["a.overlay.mp4", "faces.csv", "faces.jsonl"]
    assert len(lines(tmp_path / "out" / "faces.jsonl")) == report.frames
    assert len(decoded(tmp_path / "out" / "a.overlay.mp4")) == report.frames


def test_a_stop_before_the_first_frame_writes_nothing(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(5))
    stop = threading.Event()
    stop.set()
    assert run(source, tracker, tmp_path / "out", stop).frames == 0
    assert names(tmp_path / "out") == []


def test_an_error_leaves_the_files_of_before(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(30))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "faces.jsonl").write_text("before")
    threads = set(threading.enumerate())

    def track(frame: Any, time_s: float) -> Any:
        if len(tracker.times_s) == 10:
            raise BackendError("the engine is gone")
        return tracker(frame, time_s)

    with pytest.raises(BackendError, match="the engine is gone"):
        run(source, track, tmp_path / "out", csv=True)
    assert names(tmp_path / "out") == ["faces.jsonl"]
    assert (tmp_path / "out" / "faces.jsonl").read_text() == "before"
    assert not set(threading.enumerate()) - threads


def test_no_frame_at_all(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(
        tmp_path / "a.mov", lit_frames(3), codec="png", pix_fmt="rgb24", damaged=[0, 1, 2]
    )
    with pytest.raises(InputError, match=r"a\.mov: has no frame that can be decoded \(3 damaged\)"):
        run(source, tracker, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_the_input_is_never_replaced(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(3))
    link = tmp_path / "link.mp4"
    link.symlink_to(source)
    for output in (source, link):
        with pytest.raises(InputError, match="would replace the input"):
            output_paths(source, output)
    assert output_paths(source, source, overlay=False).lines == tmp_path / "a.faces.jsonl"
    with pytest.raises(InputError, match="overlays are MP4 files"):
        output_paths(source, tmp_path / "b.avi")
    assert output_paths(source, tmp_path).overlay == tmp_path / "a.overlay.mp4"


FULL_DISK = """
import resource, sys
sys.path[:0] = sys.argv[1].split(":")
import numpy as np
from pathlib import Path
from frsdk.errors import OutputError
from frsdk.video.output_paths import output_paths
from frsdk.video.track_video import track_video
from frsdk.video.video_reader import VideoReader
from frsdk.video.video_defaults import VideoOptions

source, out, limit, overlay = sys.argv[2:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
options = VideoOptions(overlay=overlay == "yes", csv=overlay == "csv")
class Face:
    id, age_s, presence, score = 0, 0.0, 1.0, 1.0
    def to_dict(self): return {"landmarks_px": [1.5] * 500}
try:
    with VideoReader(source) as reader:
        track_video(reader, lambda frame, time_s: [] if overlay == "yes" else [Face()],
                    output_paths(source, out), options)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
@pytest.mark.parametrize(("overlay", "limit"), [("yes", 60_000), ("no", 10_000)])
def test_no_space_on_the_disk(tmp_path: Path, tracker: Any, overlay: str, limit: int) -> None:
    random = np.random.default_rng(0)
    noise = [random.integers(0, 255, (96, 128, 3), dtype=np.uint8) for _ in range(40)]
    source = make_clip(tmp_path / "a.mp4", noise)
    out = tmp_path / "out"
    arguments = [":".join(sys.path), str(source), str(out), str(limit), overlay]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *arguments], capture_output=True, text=True
    )
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert "cannot be written (File too large)" in line
    assert names(out) == []


def test_an_error_while_files_get_their_names_leaves_none(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(5))
    out = tmp_path / "out"
    (out / "faces.blendshapes.7.csv").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"faces\.blendshapes\.7\.csv"):
        run(source, tracker, out, csv=True, blendshapes=True)
    assert names(out) == ["faces.blendshapes.7.csv"]


def test_what_is_renamed_before_an_error_goes_again(
    tmp_path: Path, tracker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object) -> None:
        raise OutputError("full")

    monkeypatch.setattr("frsdk.video.face_table.CsvTable.publish", fail)
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="full"):
        run(make_clip(tmp_path / "a.mp4", lit_frames(5)), tracker, out, csv=True)
    assert names(out) == []


def test_two_runs_do_not_write_the_same_records(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(5))
    other = make_clip(tmp_path / "b.mp4", lit_frames(5))

    def during(frame: np.ndarray, time_s: float) -> Any:
        with pytest.raises(InputError, match=r"faces\.jsonl: another frsdk video writes there"):
            run(other, tracker, tmp_path / "out")
        return tracker(frame, time_s)

    run(source, during, tmp_path / "out")
    assert names(tmp_path / "out") == ["a.overlay.mp4", "faces.jsonl"]
    assert len(lines(tmp_path / "out" / "faces.jsonl")) == 5


def test_what_lies_beside_older_meshes_goes_too(tmp_path: Path, tracker: Any) -> None:
    source = make_clip(tmp_path / "a.mp4", lit_frames(8))
    run(source, tracker, tmp_path / "out", mesh="obj", every=2)
    folder = tmp_path / "out" / "meshes"
    for index in range(0, 8, 2):
        for beside in (".mtl", ".texture.png"):
            (folder / f"{index:06d}.7{beside}").touch()
    run(source, tracker, tmp_path / "out", mesh="obj", every=4)
    ends = (".mtl", ".obj", ".texture.png")
    assert names(folder) == [f"{frame}.7{end}" for frame in ("000000", "000004") for end in ends]
