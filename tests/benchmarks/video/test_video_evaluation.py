"""Generated clips, what is counted on them, and the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import FaceReconstructor, read_image
from frsdk.benchmarks.eval_cli import main
from frsdk.benchmarks.video.clip_frames import HEIGHT, WIDTH, Clip, frames, wall
from frsdk.benchmarks.video.clip_person import Person, Place, box_size, person_of
from frsdk.benchmarks.video.head_turn import HeadTurner
from frsdk.benchmarks.video.tracked_clip import TrackedClip, frames_to_return, id_switches

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")
pytest.importorskip("scipy", reason="needs scipy (frsdk[eval])")


@pytest.fixture(scope="module")
def person() -> Person:
    pytest.importorskip("skimage", reason="needs scikit-image (frsdk[quickstart])")
    with FaceReconstructor() as reconstruct:
        image = read_image("sample:astronaut")
        return person_of("astronaut", image, reconstruct, HeadTurner(reconstruct.face_model))


def test_a_person_stands_where_the_truth_says(person) -> None:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    places = [
        Place(300.0, 220.0, 120.0),
        Place(280.0, 240.0, 150.0, roll_deg=-25.0),
        Place(320.0, 240.0, 130.0, turn_deg=25.0),
    ]
    with FaceReconstructor() as reconstruct:
        for place in places:
            truth = person.drawn(frame, place, cut_out=False)
            (face,) = reconstruct(frame)
            error = np.linalg.norm(face.landmarks[:, :2] - truth, axis=1).mean() / box_size(truth)
            assert error < 0.03
    assert person.covers(places[0], person.drawn(frame, places[0], cut_out=False)) == 1.0
    assert person.covers(Place(40.0, 40.0, 50.0), np.full((68, 2), 400.0)) == 0.0


def test_frames_are_seeded_noisy_and_know_who_is_hidden(person) -> None:
    def paths(t: float) -> list[Place | None]:
        return [Place(320, 240, 100.0), Place(320, 240, 110.0) if t > 0.02 else None]

    clip = Clip("two", 2 / 30, (person, person), paths, backdrop=wall())
    first, again = list(frames(clip)), list(frames(clip))
    assert len(first) == clip.count == 2
    assert np.array_equal(first[1].image, again[1].image)
    assert [points is None for points in first[0].landmarks] == [False, True]
    assert [points is None for points in first[1].landmarks] == [True, False]
    behind = wall().astype(float)[:60, :60]
    assert 2.0 < np.abs(first[0].image[:60, :60] - behind).mean() < 8.0


def tracked(ids: list[list[int]], there: list[list[bool]]) -> TrackedClip:
    truth = np.zeros((len(ids), len(ids[0]), 68, 2))
    truth[~np.array(there)] = np.nan
    none = np.zeros(len(ids), np.int64)
    return TrackedClip(truth, truth, truth, np.array(ids), none)


def test_returns_and_switches_are_counted() -> None:
    there = [[True], [False], [False], [True], [True], [True]]
    clip = tracked([[0], [-1], [-1], [-1], [-1], [0]], there)
    assert frames_to_return(clip, 0) == [3]
    assert id_switches(clip) == 0
    both = [[True, True]] * 4
    assert id_switches(tracked([[0, 1], [0, 1], [-1, 1], [0, 1]], both)) == 0
    assert id_switches(tracked([[0, 1], [1, 0], [1, 0], [1, 0]], both)) == 2
    assert id_switches(tracked([[0, 1], [0, -1], [2, 1], [2, 1]], both)) == 1


def _own_clip(path: Path, person: Person) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, (320, 240))
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    person.drawn(frame, Place(320, 240, 150.0), cut_out=False)
    for _ in range(16):
        writer.write(cv2.resize(frame, (320, 240)))
    writer.release()
    return path


def test_the_command_measures_clips_of_its_own_and_given_ones(person, tmp_path) -> None:
    path = _own_clip(tmp_path / "own.avi", person)
    result = CliRunner().invoke(main, ["video", "--only", "nearing", "--clip", str(path), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    rows = {row["filter"]: row for row in found["motion"]}
    assert list(rows)[:2] == ["raw", "frsdk, balanced"]
    assert rows["raw"]["ratio"] == 1.0
    assert rows["raw"]["share_found"] == 1.0
    assert rows["frsdk, balanced"]["ratio"] < 0.85
    assert abs(rows["frsdk, balanced"]["error"]["lag_ms"]) < 12
    assert rows["mean of three frames"]["error"]["lag_ms"] > 25
    assert found["scenes"] == []
    assert found["own"][0]["share_found"] == 1.0


_CHECKOUT = """
from types import SimpleNamespace
import numpy as np

class Tracker:
    def __init__(self, width, height, **options):
        assert (width, height) == (320, 240) and options["model_type"] == 0
        self.calls = 0

    def predict(self, frame):
        self.calls += 1
        points = np.random.default_rng(3).uniform(60, 180, (70, 3))  # y, x, confidence
        points[:, 1] += 2.0 * self.calls
        return [SimpleNamespace(lms=points)] if self.calls > 2 else []
"""


def test_a_checkout_of_openseeface_is_timed_beside(person, tmp_path, monkeypatch) -> None:
    path = _own_clip(tmp_path / "own.avi", person)
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "tracker.py").write_text(_CHECKOUT)
    arguments = ["video", "--only", "nothing", "--clip", str(path), "--json"]
    arguments += ["--openseeface", str(tmp_path)]
    monkeypatch.delitem(sys.modules, "tracker", raising=False)
    (models / "lm_modelT_opt.onnx").write_text("version 1 of a note in its place")
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "holds none of" in result.output
    (models / "lm_model0_opt.onnx").write_bytes(bytes(20_000))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    ours, theirs = json.loads(result.stdout)["peers"]
    assert (ours["system"], theirs["system"]) == ("frsdk", "OpenSeeFace, model 0")
    assert (ours["share_found"], theirs["share_found"]) == (1.0, 14 / 16)
    assert ours["ratio"] == 1.0
    assert theirs["ratio"] < 0.5  # it does nothing
    assert 1.0 < theirs["step_percent"] < 4.0  # 2 of about 120 px
    assert theirs["acceleration_percent"] == pytest.approx(0.0, abs=1e-6)


def test_a_failure_of_openseeface_is_told_in_one_line(person, tmp_path, monkeypatch) -> None:
    path = _own_clip(tmp_path / "own.avi", person)
    (tmp_path / "models").mkdir()
    (tmp_path / "models/lm_model0_opt.onnx").write_bytes(bytes(20_000))
    (tmp_path / "tracker.py").write_text(_CHECKOUT.replace("self.calls += 1", "1 / 0"))
    monkeypatch.delitem(sys.modules, "tracker", raising=False)
    arguments = ["video", "--only", "nothing", "--clip", str(path), "--openseeface", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "OpenSeeFace fails here (ZeroDivisionError: division by zero)" in result.output


def test_openseeface_without_a_clip_is_refused(tmp_path) -> None:
    result = CliRunner().invoke(main, ["video", "--openseeface", str(tmp_path)])
    assert result.exit_code == 2
    assert "name one with --clip" in result.output


def test_what_is_no_video_is_refused(tmp_path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no video")
    result = CliRunner().invoke(main, ["video", "--only", "nothing", "--clip", str(path)])
    assert result.exit_code == 1
    assert "no frames can be read" in result.output + result.stderr
