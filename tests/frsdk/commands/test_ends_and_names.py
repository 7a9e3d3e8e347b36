"""`frsdk reconstruct` as it ends by signals, and with the names that people give."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk.commands.reconstruct_defaults import JobOptions
from frsdk.commands.reconstruct_photos import reconstruct_files
from frsdk.errors import InputError
from frsdk.imaging.image_sources import ImageSource, find_images

pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")
GREY = np.full((64, 64, 3), 128, np.uint8)


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", GREY)[1].tobytes())  # cv2 may not know the name's letters
    return path


def frsdk(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "frsdk", "reconstruct", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_signals_end_like_ctrl_c(tmp_path: Path, number: signal.Signals) -> None:
    for index in range(400):
        picture(tmp_path / "in" / f"{index:03}.png")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "frsdk", "reconstruct", str(tmp_path / "in"), "-o", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while len(list(out.glob("*.overlay.png"))) < 3:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        process.send_signal(number)  # a closing terminal sends two
        assert process.stderr is not None
        lines = process.stderr.read().splitlines()
    assert process.returncode == 128 + number
    assert lines[-1] == f"frsdk: stopped by {number.name}"
    content = json.loads((out / "faces.json").read_text())
    assert content["complete"] is False
    written = sorted(path.name for path in out.glob("*.overlay.png"))
    # Between the last photograph's files and its record the signal may come.
    recorded = [image["overlay"] for image in content["images"]]
    assert recorded == written[: len(recorded)] and len(written) - len(recorded) <= 1
    assert len(recorded) >= 2
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


def test_a_missing_name_with_brackets_stops_nothing(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    done = frsdk(tmp_path / "x [2].jpg", tmp_path / "a.png", tmp_path, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert f"frsdk: no file matches {tmp_path / 'x [2].jpg'}\n".encode() in done.stderr
    content = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert [image["file"] for image in content["images"]] == [str(tmp_path / "a.png")]
    assert [each["error"] for each in content["failures"]] == [
        f"no file matches {tmp_path / 'x [2].jpg'}"
    ]


def test_what_exists_is_no_pattern(tmp_path: Path) -> None:
    for name in ("[2020] trip/a.png", "[2020] trip/b [1].png", "2/c.png", "0/d.png"):
        picture(tmp_path / name)

    def found(pattern: str) -> list[str]:
        return [each.name for each in find_images([str(tmp_path / pattern)])]

    assert found("[2020] trip/*.png") == ["a.png", "b [1].png"]
    assert found("[2020] trip/b [1].png") == ["b [1].png"]
    assert found("[20]/*.png") == ["d.png", "c.png"]
    with pytest.raises(InputError, match="no file matches"):
        find_images([str(tmp_path / "x [2].jpg")])


def test_names_with_a_dot_are_skipped_in_folders(tmp_path: Path) -> None:
    for name in ("a.jpg", "._a.jpg", ".hidden.png"):
        picture(tmp_path / name)
    assert [each.name for each in find_images([tmp_path])] == ["a.jpg"]
    assert [each.name for each in find_images([tmp_path / "._a.jpg"])] == ["._a.jpg"]


def test_every_problem_is_a_source_unless_strict(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    names = [str(tmp_path / "empty"), "sample:nobody", str(tmp_path / "*.gif"), "gone.jpg"]
    problems = [each.problem for each in find_images(names, strict=False)]
    assert problems[0] is not None and "has no images" in problems[0]
    assert problems[1] is not None and "no sample 'nobody'" in problems[1]
    assert problems[2] == f"no file matches {tmp_path / '*.gif'}"
    assert problems[3] is None  # reading it says so


def test_a_run_in_which_all_failed_writes_no_faces_json(tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = reconstruct_files(lambda _: [], [ImageSource("gone.jpg")], out)
    assert report.failures == [("gone.jpg", "gone.jpg: no such file")]
    assert not out.exists()


def test_a_rerun_with_fewer_faces_removes_the_older_meshes(tmp_path: Path, make_face) -> None:
    source = [ImageSource(str(picture(tmp_path / "x.png")))]
    faces = [make_face() for _ in range(3)]
    options = JobOptions(overlay=False)
    for name in ("x.1.1.glb", "x.3.glb.bak"):
        (tmp_path / name).write_bytes(b"mine")
    reconstruct_files(lambda _: faces, source, tmp_path, options)
    reconstruct_files(lambda _: faces[:1], source, tmp_path, options)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "faces.json", "x.0.glb", "x.1.1.glb", "x.3.glb.bak", "x.png"
    ]  # fmt: skip
    objs = JobOptions(overlay=False, mesh="obj")
    reconstruct_files(lambda _: faces, source, tmp_path, objs)
    for name in ("x.1.mtl", "x.1.texture.png", "x.2.mtl", "x.2.texture.png"):  # of a textured face
        (tmp_path / name).touch()
    reconstruct_files(lambda _: faces[:2], source, tmp_path, objs)
    left = {path.name for path in tmp_path.glob("x.[12].*")} - {"x.1.1.glb"}
    assert left == {"x.1.obj", "x.1.mtl", "x.1.texture.png"}


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-8"])
def test_no_message_fails_for_its_characters(tmp_path: Path, encoding: str) -> None:
    picture(tmp_path / "写真.png")
    out = tmp_path / "出力"
    missing = tmp_path / "无.png"
    done = frsdk(tmp_path / "写真.png", missing, "-o", out, PYTHONIOENCODING=encoding)
    assert done.returncode == 1  # of the missing one
    assert b"Traceback" not in done.stderr
    assert (out / "faces.json").is_file() and (out / "写真.overlay.png").is_file()
    shown = str(out).encode(encoding, "backslashreplace")
    assert done.stdout.strip().endswith(
        b"1 overlay and faces.json in " + shown + b"; 1 photo failed"
    )
    assert str(missing).encode(encoding, "backslashreplace") + b": no such file" in done.stderr


def test_a_glob_leaves_out_what_a_run_wrote_and_circles(tmp_path: Path) -> None:
    for name in ("a.png", "a.overlay.png", "a.depth.png"):
        picture(tmp_path / name)
    (tmp_path / "faces.json").write_text("{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")  # a link is a photo of its own
    for pattern in ("*", "**/*", "**/*.png"):
        found = find_images([str(tmp_path / pattern)])
        assert [source.location for source in found] == [
            str(tmp_path / "a.png"), str(tmp_path / "b.png")
        ]  # fmt: skip


def test_an_empty_name_is_not_the_current_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got an empty name"):
        find_images([""])
    done = frsdk("reconstruct", picture(tmp_path / "a.png"), "-o", "")
    assert done.returncode == 1 and b"expected an output folder, got an empty name" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_closed_input_and_a_full_output_are_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "frsdk", "reconstruct", "-", "-o", str(tmp_path / "out")]
    shell = 'exec "$@" <&-'
    done = subprocess.run(["sh", "-c", shell, "sh", *command], capture_output=True)
    assert done.returncode == 1 and b"standard input is closed" in done.stderr
    assert b"Traceback" not in done.stderr
    command = [sys.executable, "-m", "frsdk", "doctor"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr
