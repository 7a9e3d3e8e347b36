"""The `frsdk` command: exit codes, and what goes to stdout and to stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import click
import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from frsdk.commands.cli import main
from frsdk.commands.console_errors import reports_errors
from frsdk.errors import InputError, SpecError
from frsdk.installation.optional_packages import pip_line

from .every_network_option import ARGUMENTS, NAMED

Run = Callable[[Sequence[str]], Result]


class StubReconstructor:
    """One face in bright photographs, none in dark ones."""

    options: ClassVar[dict[str, Any]] = {}
    triangles = np.zeros((1, 3), np.int32)
    make_face: Any = None
    detector: Any = None

    def __init__(self, **options: Any) -> None:
        if options["engine"] == "missing.onnx":
            raise SpecError("missing.onnx: no\nspec inside")
        type(self).options = options
        self.face_model = SimpleNamespace(triangles=self.triangles, name="sparse-68")

    def __enter__(self) -> StubReconstructor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, image_bgr: np.ndarray) -> list[Any]:
        return [self.make_face()] if image_bgr.mean() > 50 else []


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, make_face: Any) -> Run:
    stub = type("Stub", (StubReconstructor,), {"make_face": staticmethod(make_face)})
    monkeypatch.setattr("frsdk.reconstructor.FaceReconstructor", stub)
    return lambda arguments: CliRunner().invoke(main, arguments, prog_name="frsdk")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, value in (("a.png", 128), ("b.png", 128)):
        cv2.imwrite(str(folder / name), np.full((120, 130, 3), value, np.uint8))
    return folder


def test_summary(run: Run, photos: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    result = run(["reconstruct", str(photos), "-o", out])
    assert result.exit_code == 0
    expected = f"2 faces in 2 photos; 2 meshes, 2 overlays and faces.json in {out}\n"
    assert result.stdout == expected
    assert result.stderr == ""


def test_broken_file_is_one_line_and_exit_1(run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "c.jpg").write_text("no")
    result = run(["reconstruct", str(photos), "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"frsdk: {photos / 'c.jpg'}: not an image")
    assert result.stdout.endswith("; 1 photo failed\n")
    assert (tmp_path / "out" / "b.overlay.png").exists()


def test_no_face_is_said_and_is_no_error(run: Run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dark.png"), np.zeros((50, 50, 3), np.uint8))
    result = run(["reconstruct", str(tmp_path / "dark.png"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert result.stderr == f"frsdk: {tmp_path / 'dark.png'}: no face found\n"
    assert result.stdout.startswith("0 faces in 1 photo; 0 meshes, 1 overlay and faces.json")


def test_json_is_all_of_stdout(run: Run, photos: Path, tmp_path: Path) -> None:
    (photos / "c.jpg").touch()
    out = str(tmp_path / "out")
    result = run(["reconstruct", str(photos), "-o", out, "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "output": out,
        "faces_file": str(tmp_path / "out" / "faces.json"),
        "complete": True,
        "images": 2,
        "faces": 2,
        "overlays": 2,
        "meshes": 2,
        "without_face": [],
        "failures": [
            {"file": str(photos / "c.jpg"), "error": f"{photos / 'c.jpg'}: is empty (0 bytes)"}
        ],
    }


def test_every_option_is_used(run: Run, photos: Path, tmp_path: Path) -> None:
    from frsdk import reconstructor

    arguments = ["reconstruct", str(photos / "a.png"), "-o", str(tmp_path / "out")]
    arguments += ["--mesh", "ply", "--no-overlay", "--faces", "3", *ARGUMENTS]
    result = run([*arguments, "--max-pixels", "15600"])
    assert result.exit_code == 0
    assert reconstructor.FaceReconstructor.options == {  # type: ignore[attr-defined]
        **NAMED,
        "max_faces": 3,
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.0.ply", "faces.json"]
    result = run([*arguments, "--max-pixels", "15599"])
    assert result.exit_code == 1
    assert "130x120 = 15600, at most 15599" in result.stderr


def test_face_model_without_triangles(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubReconstructor, "triangles", np.zeros((0, 3), np.int32))
    out = str(tmp_path / "out")
    result = run(["reconstruct", str(photos), "-o", out])
    assert result.exit_code == 1
    assert result.stderr == (
        "frsdk: the face model sparse-68 has no triangles, so there is no mesh to write: "
        "use --mesh none\n"
    )
    assert not (tmp_path / "out").exists()
    assert run(["reconstruct", str(photos), "-o", out, "--mesh", "none"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["empty"], "has no images"),
        (["nothing*.png"], "no file matches nothing*.png"),
        (["sample:cat"], "no sample 'cat'"),
        (["in", "--network", "missing.onnx"], "missing.onnx: no spec inside"),
    ],
)
def test_errors_are_one_line(
    run: Run,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    result = run(["reconstruct", *arguments, "-o", "out"])
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("frsdk: ")
    assert message in line
    assert not (tmp_path / "out").exists()


def test_output_is_a_file(run: Run, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    result = run(["reconstruct", str(photos), "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.stderr.startswith("frsdk: cannot make the output folder")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconstruct"],
        ["reconstruct", "a.png"],
        ["reconstruct", "a.png", "-o", "out", "--mesh", "fbx"],
        ["reconstruct", "a.png", "-o", "out", "--faces", "0"],
        ["reconstruct", "a.png", "-o", "out", "--picture-format", "npy"],
        ["reconstruct", "a.png", "-o", "out", "--max-pixels", "many"],
        ["reconstruct", "a.png", "-o", "out", "--threads", "0"],
        ["unknown"],
    ],
)
def test_usage_errors(run: Run, arguments: list[str]) -> None:
    result = run(arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: frsdk")


def test_version_and_help(run: Run) -> None:
    from frsdk._version import __version__

    assert run(["--version"]).stdout == f"frsdk {__version__}\n"
    assert "reconstruct" in run(["--help"]).stdout
    assert "sample:astronaut" in run(["reconstruct", "-h"]).stdout


def test_progress_is_on_stderr_and_errors_are_whole_lines(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "c.jpg").touch()
    monkeypatch.setattr("frsdk.commands.cli._LOG_EVERY_S", 0.0)
    result = run(["reconstruct", str(photos), "-o", str(tmp_path / "out"), "--json"])
    assert "reconstructing: 1 of 3, " in result.stderr
    assert "is empty (0 bytes)\n" in result.stderr
    assert json.loads(result.stdout)["faces"] == 2


@pytest.mark.parametrize(
    ("package", "remedy"), [("torch", pip_line("export")), ("somewhere", None)]
)
def test_a_missing_extra_is_one_line_and_other_modules_are_not_hidden(
    package: str, remedy: str | None
) -> None:
    @click.command()
    @reports_errors
    def command() -> None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    done = CliRunner().invoke(command, [])
    assert done.exit_code == 1
    if remedy is None:
        assert isinstance(done.exception, ModuleNotFoundError)
    else:
        assert done.output == f"command: torch is not installed: {remedy}\n"


def test_reports_errors_serves_other_scripts() -> None:
    @click.command()
    @reports_errors
    def build() -> None:
        raise InputError("two\nlines")

    result = CliRunner().invoke(build, [], prog_name="frsdk-export")
    assert result.exit_code == 1
    assert result.stderr == "frsdk-export: two lines\n"


def test_what_the_system_refuses_is_one_line() -> None:
    @click.command()
    @reports_errors
    def build() -> None:
        Path("a" * 300).is_file()
        Path("a" * 300).read_bytes()

    result = CliRunner().invoke(build, [], prog_name="frsdk-export")
    assert result.exit_code == 1
    assert result.stderr.startswith("frsdk-export: aaa") and "too long" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_module_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "frsdk", "reconstruct", str(tmp_path), "-o", "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"frsdk: the folder {tmp_path} has no images")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
