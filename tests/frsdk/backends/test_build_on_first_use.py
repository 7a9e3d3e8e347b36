"""What the cache is filled with."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import frsdk.engines as engines_folder
from frsdk.backends import build_on_first_use as first_use
from frsdk.backends.cuda.device_memory import GpuInfo
from frsdk.errors import BackendError

pytest.importorskip("onnx", reason="needs onnx (frsdk[engines])")


def test_a_source_that_changes_meanwhile_is_not_kept(
    tiny_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "a.onnx"
    source.write_bytes(tiny_onnx.read_bytes())

    def build(given: Path, path: Path, **options: object) -> None:
        path.write_bytes(b"built of another content")
        given.write_bytes(b"another content")

    monkeypatch.setattr("frsdk.engines.artefacts.build_artefact.build_artefact", build)
    with pytest.raises(BackendError, match="changed while it was built: try again"):
        first_use.built_network(source, target="cpu", precision="fp16")
    kept = [path for path in (tmp_path / "cache").rglob("*.onnx")]
    assert kept == []


def test_another_state_of_the_code_builds_anew(
    tiny_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    code = tmp_path / "engines"
    code.mkdir()
    (code / "passes.py").write_text("old")
    spec = SimpleNamespace(submodule_search_locations=[str(code)])
    monkeypatch.setattr(first_use, "find_spec", lambda name: spec)
    built = []

    def build(given: Path, path: Path, **options: object) -> None:
        built.append(path)
        path.write_bytes(b"built")

    monkeypatch.setattr("frsdk.engines.artefacts.build_artefact.build_artefact", build)
    for content, builds in (("old", 1), ("new", 2), ("old", 2)):
        (code / "passes.py").write_text(content)
        first_use.built_network(tiny_onnx, target="cpu", precision="fp16")
        assert len(built) == builds


@pytest.mark.parametrize("terminal", [True, False])
def test_a_build_of_minutes_shows_how_far_it_is(
    tiny_onnx: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
) -> None:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(first_use, "load_tensorrt", lambda flavour: SimpleNamespace(version="1"))
    monkeypatch.setattr(first_use, "gpu_info", lambda: GpuInfo("A", "8.6", "13.0"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)

    def build(given: Path, path: Path, **options: Any) -> None:
        for done in (0.25, 0.5, 1.0):
            options["report"](done, "timing kernels")
        path.write_bytes(b"built")

    monkeypatch.setattr("frsdk.engines.artefacts.build_artefact.build_artefact", build)
    first_use.built_engine(tiny_onnx, flavour="tensorrt", precision="fp16")
    out, err = capsys.readouterr()
    assert out == ""
    assert ("building with tensorrt: minutes" in err) == terminal == ("1000/1000" in err)


def test_the_code_that_builds_is_found() -> None:
    folder = Path(engines_folder.__file__).parent
    whole = hashlib.sha256()
    sources = sorted(folder.rglob("*.py"))
    assert {path.parent.name for path in sources} >= {"passes", "calibration", "tensorrt"}
    for path in sources:
        name = path.relative_to(folder).as_posix()
        whole.update(f"{name}|".encode() + path.read_bytes())
    assert first_use._passes_digest() == whole.hexdigest() != hashlib.sha256().hexdigest()


def test_a_source_folder_that_hides_the_installation_is_named(
    tiny_onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRSDK_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "frsdk.engines.accuracy.gate_defaults", None)
    with pytest.raises(BackendError, match=r"hides: run it outside .* pip install -e"):
        first_use.built_network(tiny_onnx, target="cpu", precision="fp16")
