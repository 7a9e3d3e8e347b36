"""Folders and files that a killed process left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from frsdk.storage.atomic_write import atomic_write
from frsdk.storage.draft_folder import draft_folder, remove_left_drafts

HOLD = (
    "import sys, time, pathlib\n"
    "from frsdk.storage.draft_folder import draft_folder\n"
    "from frsdk.storage.atomic_write import atomic_write\n"
    "folder = pathlib.Path(sys.argv[1])\n"
    "def write(file):\n"
    "    file.write(b'part'); file.flush()\n"
    "    print('ready', flush=True)\n"
    "    time.sleep(600)\n"
    "with draft_folder(folder) as draft:\n"
    "    (draft / 'a.0.glb').write_bytes(b'part')\n"
    "    atomic_write(folder / 'model.onnx', write)\n"
)


def age(folder: Path) -> None:
    """Let what lies in a folder be of a minute ago."""
    for path in folder.iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    with draft_folder(tmp_path) as draft:
        (draft / "a").write_bytes(b"1")
        assert draft.parent == tmp_path and draft.name.startswith(".frsdk-")
    assert names(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), draft_folder(tmp_path):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal of Unix")
def test_what_a_killed_process_left_goes_with_the_next_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        age(tmp_path)
        remove_left_drafts(tmp_path)  # it lives: nothing is taken from it
        atomic_write(tmp_path / "model.onnx", b"whole")
        kinds = {name.partition("-")[0].partition("onnx")[0] for name in names(tmp_path)}
        assert kinds == {".frsdk", ".model.", "model."}
        process.kill()
    age(tmp_path)
    atomic_write(tmp_path / "model.onnx", b"newer")
    with draft_folder(tmp_path):
        pass
    assert names(tmp_path) == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == b"newer"


def test_what_is_written_just_now_is_left(tmp_path: Path) -> None:
    (tmp_path / ".frsdk-abc").mkdir()
    (tmp_path / ".a.xyz.part").write_bytes(b"")
    (tmp_path / ".frsdk-file").write_bytes(b"mine")
    remove_left_drafts(tmp_path)
    atomic_write(tmp_path / "a", b"1")
    assert names(tmp_path) == [".a.xyz.part", ".frsdk-abc", ".frsdk-file", "a"]
    age(tmp_path)
    remove_left_drafts(tmp_path)
    atomic_write(tmp_path / "a", b"1")
    assert names(tmp_path) == [".frsdk-file", "a"]
