"""A batch of photographs: what is written, what is reported, and what an interruption leaves."""

from __future__ import annotations

import errno
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.commands.reconstruct_defaults import JobOptions
from frsdk.commands.reconstruct_photos import PhotoOutcome, reconstruct_files
from frsdk.errors import BackendError, FaceModelError, InputError, OutputError
from frsdk.imaging.image_sources import ImageSource, find_images

ENOSPC = OSError(errno.ENOSPC, "No space left on device")


def write_photo(path: Path, value: int = 128) -> Path:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((120, 130, 3), value, np.uint8))
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photographs and two broken files."""
    folder = tmp_path / "in"
    for name in ("a.png", "c.jpg", "e.png"):
        write_photo(folder / name)
    (folder / "b.jpg").write_text("not an image")
    (folder / "d.jpg").touch()
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_good_and_broken_files(tmp_path: Path, photos: Path, make_face: Any) -> None:
    out = tmp_path / "out" / "deep"
    seen: list[PhotoOutcome] = []
    report = reconstruct_files(
        lambda _: [make_face(), make_face((30.0, 30.0), 20.0)],
        find_images([photos]),
        out,
        on_progress=seen.append,
    )
    assert files(out) == [
        *("a.0.glb", "a.1.glb", "a.overlay.png"),
        *("c.0.glb", "c.1.glb", "c.overlay.png"),
        *("e.0.glb", "e.1.glb", "e.overlay.png"),
        "faces.json",
    ]
    assert [outcome.faces for outcome in seen] == [2, None, 2, None, 2]
    assert [Path(file).name for file, _ in report.failures] == ["b.jpg", "d.jpg"]
    assert (report.images, report.faces, report.overlays, report.meshes) == (3, 6, 3, 6)
    assert report.complete
    content = json.loads((out / "faces.json").read_text())
    assert content["schema_version"] == 1
    assert content["complete"] is True
    first = content["images"][0]
    assert first["file"] == str(photos / "a.png")
    assert (first["width"], first["height"], first["overlay"]) == (130, 120, "a.overlay.png")
    assert [face["mesh"] for face in first["faces"]] == ["a.0.glb", "a.1.glb"]
    assert len(first["faces"][0]["landmarks_px"]) == 68
    assert "not an image" in content["failures"][0]["error"]
    assert cv2.imread(str(out / "a.overlay.png")).shape == (120, 130, 3)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (JobOptions(mesh="none", overlay=False), ["faces.json"]),
        (JobOptions(mesh="obj", overlay=False), ["a.0.obj", "faces.json"]),
        (JobOptions(mesh="ply"), ["a.0.ply", "a.overlay.png", "faces.json"]),
    ],
)
def test_options(tmp_path: Path, make_face: Any, options: JobOptions, expected: list[str]) -> None:
    photo = write_photo(tmp_path / "in" / "a.png")
    reconstruct_files(lambda _: [make_face()], find_images([photo]), tmp_path / "out", options)
    assert files(tmp_path / "out") == expected


def test_max_pixels_is_passed_on(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "in" / "a.png")
    options = JobOptions(max_pixels=100)
    report = reconstruct_files(lambda _: [], find_images([photo]), tmp_path / "out", options)
    assert "too many pixels" in report.failures[0][1]


def test_unknown_mesh_format() -> None:
    with pytest.raises(InputError, match="unknown mesh format 'fbx': expected one of glb, obj"):
        JobOptions(mesh="fbx")


def test_no_face_is_no_failure(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "in" / "a.png")
    report = reconstruct_files(lambda _: [], find_images([photo]), tmp_path / "out")
    assert report.without_face == [str(photo)]
    assert report.failures == []
    assert files(tmp_path / "out") == ["a.overlay.png", "faces.json"]
    assert json.loads((tmp_path / "out" / "faces.json").read_text())["images"][0]["faces"] == []


def test_no_photographs_at_all(tmp_path: Path) -> None:
    reconstruct_files(lambda _: [], [], tmp_path)
    assert json.loads((tmp_path / "faces.json").read_text())["images"] == []


def test_an_engine_error_is_that_photographs_failure(tmp_path: Path, make_face: Any) -> None:
    sources = find_images([write_photo(tmp_path / "in" / f"{n}.png", n) for n in (10, 20, 30)])

    def reconstruct(image: np.ndarray) -> list[Any]:
        if image[0, 0, 0] == 20:
            raise BackendError("the engine\nfailed")
        return [make_face()]

    report = reconstruct_files(reconstruct, sources, tmp_path / "out")
    assert report.images == 2
    assert report.failures == [(sources[1].location, "the engine failed")]


def test_a_photograph_is_written_whole_or_not_at_all(tmp_path: Path, make_face: Any) -> None:
    photo = write_photo(tmp_path / "in" / "a.png")
    flawed = make_face()

    def fail(*_: object) -> None:
        raise FaceModelError("no")

    flawed.save = fail
    report = reconstruct_files(
        lambda _: [make_face(), flawed], find_images([photo]), tmp_path / "out"
    )
    assert len(report.failures) == 1
    assert not (tmp_path / "out").exists()


def test_interruption_keeps_what_is_done(tmp_path: Path, photos: Path, make_face: Any) -> None:
    calls = []

    def reconstruct(_image: np.ndarray) -> list[Any]:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return [make_face()]

    with pytest.raises(KeyboardInterrupt):
        reconstruct_files(reconstruct, find_images([photos]), tmp_path / "out")
    content = json.loads((tmp_path / "out" / "faces.json").read_text())
    assert content["complete"] is False
    assert [Path(image["file"]).name for image in content["images"]] == ["a.png", "c.jpg"]
    assert files(tmp_path / "out") == [
        *("a.0.glb", "a.overlay.png", "c.0.glb", "c.overlay.png"),
        "faces.json",
    ]


# Each photograph has two files, each written (one fsync, one replace) and then moved (a replace).
@pytest.mark.parametrize(("call", "at"), [("fsync", 4), ("replace", 6), ("replace", 8)])
def test_disk_full(
    tmp_path: Path,
    photos: Path,
    make_face: Any,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    at: int,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "faces.json").write_text("earlier")
    original, calls = getattr(os, call), []

    def full(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == at:  # a.0.glb and a.overlay.png went well, c.0.glb too
            raise ENOSPC
        return original(*arguments, **options)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OutputError, match="No space left on device"):
        reconstruct_files(lambda _: [make_face()], find_images([photos]), out)
    assert files(out) == ["a.0.glb", "a.overlay.png", "faces.json"]
    assert (out / "faces.json").read_text() == "earlier"


def test_a_failed_rerun_keeps_the_files_of_the_first(
    tmp_path: Path, photos: Path, make_face: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.0.glb").write_text("earlier")

    def full(handle: int) -> None:
        raise ENOSPC

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        reconstruct_files(lambda _: [make_face()], find_images([photos]), out)
    assert files(out) == ["a.0.glb"]
    assert (out / "a.0.glb").read_text() == "earlier"


def test_disk_full_while_records_are_kept(
    tmp_path: Path, photos: Path, make_face: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: object, _record: object) -> None:
        raise OutputError("cannot write into the output folder: No space left on device")

    monkeypatch.setattr("frsdk.records.faces_json.FacesFile.append", full)
    with pytest.raises(OutputError, match="No space left"):
        reconstruct_files(lambda _: [make_face()], find_images([photos]), tmp_path / "out")
    assert "faces.json" not in files(tmp_path / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_records_on_a_full_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from frsdk.records.faces_json import FacesFile

    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - FacesFile closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
    with (
        FacesFile(tmp_path) as records,
        pytest.raises(OutputError, match="No space left on device"),
    ):
        records.append({"file": "a"})
    assert full.closed


def test_output_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="cannot make the output folder"):
        reconstruct_files(lambda _: [], [], tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_output_folder_not_writable(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot write into the output folder"):
        reconstruct_files(lambda _: [], [], tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no /proc")
def test_output_folder_not_writable_for_anyone() -> None:
    with pytest.raises(OutputError, match="cannot write into the output folder /proc/self"):
        reconstruct_files(lambda _: [], [], "/proc/self")


def test_memory_does_not_grow_with_the_number_of_photographs(tmp_path: Path) -> None:
    photo = str(write_photo(tmp_path / "in" / "a.png"))

    class Large:
        triangles = np.zeros((0, 3), np.int32)

        def to_dict(self) -> dict[str, object]:
            return {"landmarks_px": list(range(4_000))}

    def peak(count: int) -> int:
        options = JobOptions(mesh="none", overlay=False)
        tracemalloc.start()
        reconstruct_files(lambda _: [Large()], [ImageSource(photo)] * count, tmp_path, options)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    few, many = peak(3), peak(60)
    assert many - few < 100_000  # one record alone is 22 kB; 57 more are 1.3 MB
    assert len(json.loads((tmp_path / "faces.json").read_text())["images"]) == 60
