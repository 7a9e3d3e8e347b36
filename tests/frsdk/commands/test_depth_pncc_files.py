"""Depth, normals, PNCC, mask and texture coordinates read back from their files."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from frsdk.commands.depth_pncc_files import write_picture
from frsdk.commands.output_names import PICTURE_KINDS
from frsdk.commands.reconstruct_defaults import JobOptions
from frsdk.commands.reconstruct_photos import reconstruct_files
from frsdk.errors import InputError, MissingDependencyError
from frsdk.face import Face
from frsdk.imaging.image_sources import find_images
from frsdk.installation.optional_packages import pip_line


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


def test_png_files(tmp_path: Path, posed_once: Face) -> None:
    pictures = posed_once.render()
    names = {kind: write_picture(tmp_path, "a", kind, pictures, "png") for kind in PICTURE_KINDS}
    assert names["depth"] == "a.depth.png"
    mask = pictures.mask
    depth = read(tmp_path / names["depth"])
    assert depth.dtype == np.uint16
    assert (depth[~mask] == 0).all()
    millimetres = (depth[mask].astype(float) - 32768) / 100
    np.testing.assert_allclose(millimetres, pictures.depth_mm[mask], atol=0.006)
    normals = read(tmp_path / names["normals"])[..., ::-1]
    np.testing.assert_allclose(normals[mask] / 127.5 - 1, pictures.normals[mask], atol=0.005)
    assert (normals[~mask] == 0).all()
    pncc = read(tmp_path / names["pncc"])[..., ::-1]
    np.testing.assert_allclose(pncc / 255, pictures.pncc, atol=0.0021)
    np.testing.assert_array_equal(read(tmp_path / names["mask"]), np.where(mask, 255, 0))
    uv = read(tmp_path / names["uv"])
    assert uv.dtype == np.uint16
    np.testing.assert_allclose(uv[mask][:, [2, 1]] / 65535, pictures.uv[mask], atol=1e-5)
    np.testing.assert_array_equal(uv[..., 0], np.where(mask, 65535, 0))


def test_npy_files_hold_the_arrays(tmp_path: Path, posed_once: Face) -> None:
    pictures = posed_once.render()
    for kind, array in (("depth", pictures.depth_mm), ("uv", pictures.uv), ("mask", pictures.mask)):
        name = write_picture(tmp_path, "a", kind, pictures, "npy")
        np.testing.assert_array_equal(np.load(tmp_path / name), array)


def test_exr_files_hold_the_arrays(tmp_path: Path, posed_once: Face) -> None:
    exr: Any = pytest.importorskip("OpenEXR", reason="needs OpenEXR")
    pictures = posed_once.render()
    arrays = {
        "depth": (pictures.depth_mm, "Y"),
        "normals": (pictures.normals, "RGB"),
        "pncc": (pictures.pncc, "RGB"),
        "mask": (pictures.mask, "Y"),
        "uv": (pictures.uv, "RG"),
    }
    for kind in PICTURE_KINDS:
        name = write_picture(tmp_path, "a", kind, pictures, "exr")
        assert name == f"a.{kind}.exr"
        with exr.File(str(tmp_path / name), separate_channels=True) as file:
            channels = {letter: each.pixels for letter, each in file.channels().items()}
        array, letters = arrays[kind]
        assert sorted(channels) == sorted(letters)
        planes = np.stack([channels[letter] for letter in letters], axis=-1)
        np.testing.assert_array_equal(planes, np.atleast_3d(array).astype(np.float32))


def test_exr_without_its_package(
    tmp_path: Path, posed_once: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(MissingDependencyError, match=re.escape(pip_line("exr"))):
        write_picture(tmp_path, "a", "depth", posed_once.render(), "exr")
    assert not list(tmp_path.iterdir())


def test_a_batch_writes_what_is_asked_for(
    tmp_path: Path, posed_once: Face, patterned: np.ndarray
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), patterned)
    options = JobOptions(
        mesh="none", overlay=False, pictures=("depth", "mask"), scene=True, html=True
    )
    results: dict[int, list[Any]] = {0: [posed_once], 1: []}
    cv2.imwrite(str(folder / "b.png"), patterned)
    calls = iter(results.values())
    report = reconstruct_files(lambda _: next(calls), find_images([folder]), tmp_path, options)
    assert report.complete and not report.failures
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        *("a.depth.png", "a.mask.png", "a.scene.glb"),
        *("b.depth.png", "b.mask.png", "b.scene.glb"),
        *("faces.html", "faces.json"),
    ]
    first, second = json.loads((tmp_path / "faces.json").read_text())["images"]
    assert first["pictures"] == {"depth": "a.depth.png", "mask": "a.mask.png"}
    assert first["scene"] == "a.scene.glb"
    assert read(tmp_path / "a.mask.png").any() and not read(tmp_path / "b.mask.png").any()
    assert second["faces"] == []
    # What was written is no photograph for a run in the same folder.
    again = [source.name for source in find_images([tmp_path / "in"])]
    for name in ("a.depth.png", "a.mask.png"):
        (folder / name).write_bytes((tmp_path / name).read_bytes())
    assert [source.name for source in find_images([folder])] == again


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pictures": ("depth", "colour")}, "unknown picture 'colour': expected one of depth"),
        ({"picture_format": "gif"}, "unknown picture format 'gif': expected one of png, npy, exr"),
    ],
)
def test_unknown_names(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        JobOptions(**options)
