"""The built-in files, in a folder and in an archive."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import frsdk
from frsdk.installation.asset_files import FACE_DETECTOR, FACE_MODEL, NETWORK, asset_path

PACKAGE = Path(frsdk.__file__).parent


@pytest.mark.parametrize("name", [NETWORK, FACE_DETECTOR, FACE_MODEL])
def test_a_file_in_a_folder_is_taken_where_it_lies(name: str) -> None:
    assert asset_path(name) == PACKAGE / "assets" / name
    assert asset_path(name).is_file()


def test_an_application_that_is_one_archive_reconstructs(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                file.write(path, Path("frsdk") / path.relative_to(PACKAGE))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np, frsdk\n"
        "assert frsdk.__file__.startswith(sys.argv[1]), frsdk.__file__\n"
        "with frsdk.FaceReconstructor(detector='builtin') as reconstruct:\n"
        "    (face,) = reconstruct(np.zeros((120, 120, 3), np.uint8), rois=[[0, 0, 120, 120]])\n"
        "    print(face.vertices.shape[1], reconstruct.backend.description.split()[-1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(archive)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    number, unpacked = done.stdout.split()
    assert number == "3"
    assert not Path(unpacked).exists()  # deleted at the end


def test_the_detector_names_its_sizes_as_its_spec_does() -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")
    graph = onnx.load(asset_path(FACE_DETECTOR)).graph
    sizes = {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    assert sizes == {"images": ["batch", 3, 320, 320], "cells": ["batch", 15, "cells"]}
