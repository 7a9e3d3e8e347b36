"""What the cache is filled with."""

from __future__ import annotations

from pathlib import Path

import pytest

from frsdk import first_use
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

    monkeypatch.setattr("frsdk.engines.build.build_artefact", build)
    with pytest.raises(BackendError, match="changed while it was built: try again"):
        first_use.built_network(source, target="cpu", precision="fp16")
    kept = [path for path in (tmp_path / "cache").rglob("*.onnx")]
    assert kept == []
