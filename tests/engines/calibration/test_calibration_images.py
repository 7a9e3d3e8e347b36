"""What --calibration takes, and what it refuses."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")

from frsdk.engines.calibration.calibration_images import read_calibration
from frsdk.errors import InputError

SIZE = 24


def picture(index: int, side: int = SIZE) -> np.ndarray:  # type: ignore[type-arg]
    """One colour a picture, so that order shows; the edge is black."""
    image = np.full((side, side, 3), index % 200 + 20, np.uint8)
    image[0], image[-1], image[:, 0], image[:, -1] = 0, 0, 0, 0
    return image


def png(image: np.ndarray) -> bytes:  # type: ignore[type-arg]
    return cv2.imencode(".png", image)[1].tobytes()


def folder_of(path: Path, count: int, side: int = SIZE) -> Path:
    folder = path / f"crops{count}"
    folder.mkdir()
    for index in range(count):
        (folder / f"{index:04d}.png").write_bytes(png(picture(index, side)))
    return folder


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    archive = path / "crops.tar"
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive


def test_folder_tar_and_npz_give_the_same(tmp_path: Path) -> None:
    wanted = np.stack([picture(index) for index in range(100)])
    np.savez(tmp_path / "crops.npz", crops=wanted)
    archive = tar_of(tmp_path, {f"{i}.png": png(each) for i, each in enumerate(wanted)})
    for source in (folder_of(tmp_path, 100), archive, tmp_path / "crops.npz"):
        assert (read_calibration(source, SIZE) == wanted).all()


def test_sizes(tmp_path: Path) -> None:
    large = np.stack([picture(index, 32) for index in range(100)])
    np.savez(tmp_path / "stored.npz", crops=large)
    assert (read_calibration(tmp_path / "stored.npz", SIZE) == large[:, 4:28, 4:28]).all()
    np.savez(tmp_path / "double.npz", crops=np.stack([picture(i, 48) for i in range(100)]))
    half = read_calibration(tmp_path / "double.npz", SIZE)
    assert half.shape == (100, SIZE, SIZE, 3)
    assert (half[:, 12, 12, 0] == np.arange(100) + 20).all()
    assert (half[:, 0, 12] < half[:, 12, 12]).all()  # the whole picture, its black edge too


def test_many_are_thinned_evenly(tmp_path: Path) -> None:
    index = np.arange(1023)
    crops = np.zeros((1023, SIZE, SIZE, 3), np.uint8)
    crops[..., 0], crops[..., 1] = (index // 256)[:, None, None], (index % 256)[:, None, None]
    np.savez(tmp_path / "many.npz", crops=crops)
    found = read_calibration(tmp_path / "many.npz", SIZE)[:, 5, 5].astype(int)
    assert (found[:, 0] * 256 + found[:, 1] == np.arange(0, 1023, 2)).all()


def broken_folder(path: Path) -> Path:
    folder = folder_of(path, 100)
    (folder / "0003.png").write_bytes(b"no picture")
    (folder / "0007.png").write_bytes(b"")
    return folder


def photographs(path: Path) -> Path:
    folder = folder_of(path, 100)
    (folder / "0002.png").write_bytes(png(np.zeros((30, 40, 3), np.uint8)))
    return folder


def empty_folder(path: Path) -> Path:
    folder = path / "empty"
    folder.mkdir()
    return folder


def damaged_tar(path: Path) -> Path:
    """The header of the 111th of 120 files is noise: enough come before it."""
    archive = tar_of(path, {f"{i}.png": png(picture(i)) for i in range(120)})
    with tarfile.open(archive) as tar:
        header = tar.getmember("110.png").offset
    content = bytearray(archive.read_bytes())
    content[header : header + tarfile.BLOCKSIZE] = bytes(range(256)) * 2
    archive.write_bytes(content)
    return archive


def saved(path: Path, **arrays: object) -> Path:
    np.savez(path / "x.npz", **arrays)
    return path / "x.npz"


def written(path: Path, name: str, content: bytes) -> Path:
    (path / name).write_bytes(content)
    return path / name


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (empty_folder, "empty has no images .*give a folder, .tar or .npz"),
        (lambda path: folder_of(path, 3), "expected at least 100 images .* got 3: add crops"),
        (lambda path: folder_of(path, 99), "got 99"),
        (broken_folder, r"2 of 100 files cannot be read as images, the first is .*0003\.png"),
        (photographs, r"0002\.png: expected a square face crop, got 40x30"),
        (lambda path: path / "none", "no such calibration folder or file"),
        (lambda path: tar_of(path, {"a.txt": b"x"}), "got 1: add crops"),
        (lambda path: tar_of(path, {f"{i}": b"x" for i in range(100)}), "100 of 100 files cannot"),
        (lambda path: written(path, "x.tar", b"no tar" * 999), "not a tar of images"),
        (damaged_tar, r"not a tar of images \(damaged at byte \d+\)"),
        (lambda path: written(path, "x.npz", b"no zip"), r"expected an .npz with crops"),
        (lambda path: saved(path, pictures=np.zeros(3)), "expected an .npz with crops"),
        (lambda path: saved(path, crops=np.zeros((100, 24, 24, 3))), r"got .*float64"),
        (lambda path: saved(path, crops=np.zeros((9, 24, 24, 3), np.uint8)), "got 9: add crops"),
        (
            lambda path: saved(path, crops=np.zeros((100, 24, 20, 3), np.uint8)),
            "expected a square face crop, got 20x24",
        ),
    ],
)
def test_refusals(tmp_path: Path, make: Callable[[Path], Path], match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_calibration(make(tmp_path), SIZE)
    assert "\n" not in str(caught.value)
