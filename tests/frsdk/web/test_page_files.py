"""The files of the page, and its copy for other hosts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from frsdk import BackendError, InputError, OutputError
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.web.page_files import ASSETS, HEADERS, export_page, page_files


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (folder / "assets" / "a.mjs").write_text("1", encoding="utf-8")
    (folder / "assets" / "b.wasm").write_bytes(b"\0asm")
    return folder


def test_the_page_has_the_files_of_the_wheel(built: Path) -> None:
    files = page_files(built)
    assert set(files) == {
        "index.html",
        "assets/a.mjs",
        "assets/b.wasm",
        "models/MODEL_CARD.md",
        "models/face_detector.onnx",
        "models/facemodel.npz",
        "models/network.onnx",
    }
    assert files["models/network.onnx"].read() == (ASSETS / "network.onnx").read_bytes()
    assert files["assets/a.mjs"].content_type == "text/javascript; charset=utf-8"
    assert files["assets/b.wasm"].content_type == "application/wasm"
    assert files["index.html"].content_type == "text/html; charset=utf-8"


def test_the_open_weights_have_the_same_names_and_their_own_terms(built: Path) -> None:
    research, files = page_files(built), page_files(built, weights="open")
    assert set(files) - set(research) == {"models/MODEL_CARD_OPEN.md", "models/NOTICE"}
    assert set(research) - set(files) == {"models/MODEL_CARD.md"}
    for name, asset in (("network", "network_open"), ("face_detector", "face_detector_open")):
        published = files[f"models/{name}.onnx"].read()
        assert published == (ASSETS / f"{asset}.onnx").read_bytes()
    with np.load(io.BytesIO(files["models/facemodel.npz"].read())) as arrays:
        assert str(arrays["name"]) == "frsdk-face-2"
        assert str(arrays["sha256"]) == builtin_face_model("open").sha256
    assert b"CC BY 4.0" in files["models/MODEL_CARD_OPEN.md"].read()
    notice = files["models/NOTICE"].read()
    assert b"FairFace" in notice and b"MIT License" in notice


def test_unknown_weights_are_refused(built: Path) -> None:
    with pytest.raises(InputError, match="research or open, got 'own'"):
        page_files(built, weights="own")


def test_a_page_that_is_not_built_says_how(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cd web && npm ci && npm run build"):
        page_files(tmp_path)


def test_the_export_is_whole_and_states_the_headers(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site" / "faces"
    size = export_page(folder, built)
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.relative_to(folder).as_posix() for path in written} == {
        *page_files(built),
        "_headers",
    }
    assert size == sum(path.stat().st_size for path in written)
    headers = (folder / "_headers").read_text(encoding="utf-8")
    assert headers.startswith("/*\n")
    for name, value in HEADERS.items():
        assert f"  {name}: {value}\n" in headers


def test_an_export_over_other_weights_leaves_only_its_own_terms(
    built: Path, tmp_path: Path
) -> None:
    export_page(tmp_path, built, weights="open")
    export_page(tmp_path, built)
    left = {path.name for path in (tmp_path / "models").iterdir()}
    assert "MODEL_CARD.md" in left and not left & {"MODEL_CARD_OPEN.md", "NOTICE"}


def test_an_export_into_a_file_is_refused(built: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="taken: cannot be made"):
        export_page(taken, built)
    assert taken.read_text(encoding="utf-8") == "mine"
