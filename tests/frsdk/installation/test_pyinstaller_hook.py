"""What an application packed by PyInstaller gets of frsdk."""

from __future__ import annotations

import importlib.metadata
import runpy
from pathlib import Path

import pytest

from frsdk.pyinstaller_hooks import hook_folders


def test_pyinstaller_is_told_of_the_hook() -> None:
    (entry,) = (
        each
        for each in importlib.metadata.distribution("frsdk").entry_points
        if each.group == "pyinstaller40"
    )
    assert (entry.name, entry.load()) == ("hook-dirs", hook_folders)
    (folder,) = hook_folders()
    assert (Path(folder) / "hook-frsdk.py").is_file()


@pytest.mark.filterwarnings("ignore")  # of the packages that it looks through
def test_the_hook_packs_what_runs() -> None:
    pytest.importorskip("PyInstaller", reason="needs PyInstaller")
    (folder,) = hook_folders()
    found = runpy.run_path(str(Path(folder) / "hook-frsdk.py"))
    packed = {Path(source).name for source, _ in found["datas"]}
    assert {"network.onnx", "facemodel.npz", "face_detector.onnx"} <= packed
    hidden = set(found["hiddenimports"])
    assert {"onnxruntime", "frsdk.reconstructor", "frsdk.backends.tensorrt_backend"} <= hidden
    assert "PIL.JpegImagePlugin" in hidden
    assert not any(name.startswith("frsdk.export") for name in hidden)
