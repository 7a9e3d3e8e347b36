"""`frsdk web`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from frsdk.commands.cli import main
from frsdk.web import page_files, page_server


def test_without_the_page_one_line_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page_files.page_files, "__defaults__", (tmp_path,))
    result = CliRunner().invoke(main, ["web"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "cd web && npm ci && npm run build" in result.stderr


def test_the_export_says_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", encoding="utf-8")
    monkeypatch.setattr(page_files.export_page, "__defaults__", (tmp_path,))
    folder = tmp_path / "site"
    result = CliRunner().invoke(main, ["web", "--export", str(folder)])
    assert result.exit_code == 0, result.output
    assert str(folder) in result.output
    assert "terms of its networks: research only" in result.output
    assert (folder / "models" / "network.onnx").stat().st_size > 1_000_000


def test_the_open_weights_are_exported_with_their_terms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", encoding="utf-8")
    monkeypatch.setattr(page_files.export_page, "__defaults__", (tmp_path,))
    folder = tmp_path / "site"
    result = CliRunner().invoke(main, ["web", "--weights", "open", "--export", str(folder)])
    assert result.exit_code == 0, result.output
    assert "terms of its networks: CC BY 4.0" in result.output
    open_network = page_files.ASSETS / "network_open.onnx"
    assert (folder / "models" / "network.onnx").read_bytes() == open_network.read_bytes()
    assert "FairFace" in (folder / "models" / "NOTICE").read_text(encoding="utf-8")


def test_it_serves_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", encoding="utf-8")
    monkeypatch.setattr(page_files.page_files, "__defaults__", (tmp_path,))

    def interrupted(server: page_server.PageServer) -> None:
        assert "models/facemodel.npz" in server.files
        raise KeyboardInterrupt

    monkeypatch.setattr(page_server.PageServer, "serve_forever", interrupted)
    result = CliRunner().invoke(main, ["web", "--port", "0"])
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:" in result.stdout and "Ctrl+C" in result.stdout


def test_a_port_that_is_none_is_a_usage_error() -> None:
    assert CliRunner().invoke(main, ["web", "--port", "70000"]).exit_code == 2
