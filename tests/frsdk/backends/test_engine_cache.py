"""The cache of built artefacts, and the lock that makes two processes build once."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from frsdk.backends.engine_cache import cache_entries, cache_folder, clear_cache, get_or_build
from frsdk.errors import BackendError, OutputError
from frsdk.storage.file_lock import file_lock

FACTS = {"onnx_sha256": "0" * 64, "precision": "fp16"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cache"
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(path))
    return path


def never(path: Path) -> None:
    raise AssertionError(f"{path} is built again")


def test_an_artefact_is_built_once(folder: Path) -> None:
    first = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    assert first.read_bytes() == b"built"
    assert first.is_relative_to(folder)
    assert get_or_build(dict(reversed(FACTS.items())), "a.onnx", never) == first
    (entry,) = cache_entries()
    assert (entry.path, entry.size_bytes, entry.facts) == (first, 5, FACTS)


@pytest.mark.parametrize("name", list(FACTS))
def test_every_fact_is_in_the_key(name: str) -> None:
    for facts in (FACTS, {**FACTS, name: "another"}, {**FACTS, "later": None}):
        get_or_build(facts, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    assert len(cache_entries()) == 3


@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "entry", "no entry"])
def test_a_damaged_entry_is_built_again(damage: str) -> None:
    path = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    entry = path.parent / "entry.json"
    if damage == "missing":
        path.unlink()
    elif damage == "no entry":
        entry.unlink()
    elif damage == "entry":
        entry.write_text("[]")
    else:
        path.write_bytes(b"buil" if damage == "cut" else b"Built")
    again = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"newly") and None)
    assert again.read_bytes() == b"newly"


@pytest.mark.parametrize("error", [BackendError("no"), KeyboardInterrupt()])
def test_a_failed_build_leaves_nothing(folder: Path, error: BaseException) -> None:
    def build(path: Path) -> None:
        path.write_bytes(b"part")
        raise error

    with pytest.raises(type(error)):
        get_or_build(FACTS, "a.onnx", build)
    assert cache_entries() == []
    assert [each.suffix for each in folder.iterdir()] == [".lock"]
    get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"built") and None)


def test_threads_build_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "frsdk.backends.engine_cache")
    built = []

    def build(path: Path) -> None:
        time.sleep(0.1)
        built.append(path)
        path.write_bytes(b"built")

    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: get_or_build(FACTS, "a.onnx", build), range(8)))
    assert len(built) == len(paths) == 1
    waits = "waiting for another process that builds a.onnx"  # each that waits says so, once
    assert 1 <= caplog.messages.count(waits) == len(caplog.messages) <= 7


BUILDER = """
import signal, sys, time
from pathlib import Path
from frsdk.backends.engine_cache import get_or_build

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores Ctrl-C

def build(path):
    with open(sys.argv[1], "a") as log:
        log.write("built\\n")
    time.sleep(float(sys.argv[2]))
    path.write_bytes(b"built")

print(get_or_build({"key": 1}, "a.onnx", build).read_bytes())
"""


def builder(log: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILDER, str(log), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=log.parent)


def wait_for(path: Path) -> None:
    """Until something stands in a file: it is there a moment before what is written into it."""
    end = time.monotonic() + 30
    while not (path.exists() and path.stat().st_size) and time.monotonic() < end:
        time.sleep(0.02)
    assert path.stat().st_size


def test_two_processes_build_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running = [builder(log, 0.5) for _ in range(2)]
    assert [each.communicate()[0].strip() for each in running] == ["b'built'"] * 2
    assert log.read_text() == "built\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_build_leaves_no_stale_lock(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    first = builder(log, 60)
    wait_for(log)
    assert clear_cache() == (0, 1)  # it is being built
    os.kill(first.pid, number)
    first.communicate()
    assert cache_entries() == []
    second = builder(log, 0)
    assert second.communicate(timeout=30)[0].strip() == "b'built'"
    assert log.read_text() == "built\n" * 2


def test_clear_deletes_artefacts_and_nothing_else(folder: Path) -> None:
    assert clear_cache() == (0, 0)
    for number in range(2):
        get_or_build({"n": number}, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    (folder / "notes.txt").write_text("mine")
    (folder / "holiday").mkdir()
    assert clear_cache() == (2, 0)
    assert {each.name for each in folder.iterdir()} == {"notes.txt", "holiday"}
    assert clear_cache() == (0, 0)


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.write_text("a file is in the way")
    with pytest.raises(OutputError, match=r"cannot be written .* set FRSDK_CACHE_DIR") as caught:
        get_or_build(FACTS, "a.onnx", never)
    assert "\n" not in str(caught.value)
    assert cache_entries() == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be"):
        get_or_build(FACTS, "a.onnx", never)


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert cache_folder() == folder
    monkeypatch.setenv("FRSDK_CACHE_DIR", "")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/frsdk")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "frsdk"


def test_a_lock_whose_file_was_deleted_is_taken_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with file_lock(path) as held:
        assert held
        with file_lock(path, wait=False) as other:
            assert not other
        path.unlink()
        with file_lock(path, wait=False) as newer:
            assert newer
    with file_lock(path, wait=False) as held:
        assert held


def test_the_entry_file_is_readable_json(folder: Path) -> None:
    path = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    entry = json.loads((path.parent / "entry.json").read_text())
    assert set(entry) == {"file", "sha256", "size_bytes", "facts"}


def test_the_commands(folder: Path) -> None:
    from frsdk.commands.cli import main

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["cache", *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run("list") == f"0 in {folder}, 0.0 MB\n"
    path = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(bytes(10**6)) and None)
    assert run("list").startswith(f"{path}  1.0 MB  onnx_sha256 {'0' * 64}, precision fp16\n")
    shown = json.loads(run("list", "--json"))
    assert shown["folder"] == str(folder)
    assert shown["entries"] == [{"path": str(path), "size_bytes": 10**6, "facts": FACTS}]
    assert run("clear") == f"1 deleted from {folder}\n"
    assert run("list", "--json") == json.dumps({"folder": str(folder), "entries": []}, indent=1) + (
        "\n"
    )


def test_entries_that_are_none_are_left_out() -> None:
    path = get_or_build(FACTS, "a.onnx", lambda path: path.write_bytes(b"built") and None)
    (entry,) = path.parent.glob("*.json")
    content = json.loads(entry.read_text())
    for text in (json.dumps({**content, "facts": []}), "[" * 100_000):
        entry.write_text(text)
        assert cache_entries() == []


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pwd = pytest.importorskip("pwd", reason="needs Unix")

    def nobody(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("FRSDK_CACHE_DIR", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "frsdk"
    monkeypatch.delenv("XDG_CACHE_HOME")
    with pytest.raises(OutputError, match=r"no home folder .* set FRSDK_CACHE_DIR"):
        cache_folder()
