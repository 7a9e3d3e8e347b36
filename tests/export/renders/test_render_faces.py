"""From the fetched sources to a folder of crops; skipped where they are not at hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import BackendError
from frsdk.export.datasets.face_labels import read_labels
from frsdk.export.datasets.stored_crops import load_crops
from frsdk.export.renders.drawing.environment_light import Light
from frsdk.export.renders.render_faces import FaceStudio, RenderSettings, exposed, photographed
from frsdk.export.train_cli import main

FACE_2 = Path(__file__).resolve().parents[3] / "weights" / "frsdk_face_2.npz"


@pytest.fixture(scope="module")
def sources() -> Path:
    """Folder named by FRSDK_RENDER_SOURCES."""
    pytest.importorskip("moderngl", reason="needs moderngl (extra synth)")
    pytest.importorskip("OpenEXR", reason="needs OpenEXR (extra synth)")
    folder = os.environ.get("FRSDK_RENDER_SOURCES", "")
    if not folder:
        pytest.skip("needs the sources of renders (FRSDK_RENDER_SOURCES)")
    return Path(folder)


def test_equal_seeds_draw_equal_faces(sources: Path) -> None:
    try:
        studio = FaceStudio(sources)
    except BackendError as error:
        pytest.skip(f"needs OpenGL without a screen: {error}")
    first, again = ([*studio.faces(RenderSettings(3, seed=7))] for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert (one.crop == other.crop).all() and (one.landmarks == other.landmarks).all()
        assert one.crop.std() > 10.0
        assert one.visible is not None and one.visible.any()
        box = np.ptp(one.landmarks[:, :2], axis=0)
        assert box.max() == pytest.approx(120.0 / np.sqrt(2.0), abs=0.1)
    assert first[0].identity == first[1].identity != first[2].identity


def test_the_command_writes_what_loaders_read(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "renders"
    sheet = tmp_path / "sheet.png"
    given = ["render", str(sources), "-o", str(out), "--count", "6", "--split", "val"]
    done = CliRunner().invoke(main, [*given, "--face-model", str(FACE_2), "--sheet", str(sheet)])
    if "apt-get install" in done.output:
        pytest.skip("needs OpenGL without a screen")
    assert done.exit_code == 0, done.output
    labels = read_labels(out / "val.npz")
    assert load_crops(out, "val", labels).shape == (6, 160, 160, 3)
    assert "CC0" in (out / "card.json").read_text() and sheet.stat().st_size > 10_000
    with np.load(out / "val.npz") as arrays:
        assert arrays["visible"].shape == (6, 68) and arrays["fitted"].shape == (6, 62)


def test_exposure_makes_dark_rooms_and_bright_skies_alike() -> None:
    means = []
    for strength in (0.01, 30.0):
        harmonics = np.zeros((9, 3), np.float32)
        harmonics[0] = strength * np.array([1.0, 0.9, 0.7])
        light = Light(harmonics, np.array([0, 0, 1], np.float32), np.full(3, strength, "f4"))
        drawn = [exposed(light, np.random.default_rng(seed))[0] for seed in range(40)]
        means.append(np.mean([each.harmonics[0] for each in drawn]))
    assert means[0] == pytest.approx(means[1], rel=1e-3)


def test_a_photograph_differs_mildly_from_its_render() -> None:
    picture = np.full((160, 160, 3), 120, np.uint8)
    picture[40:120, 40:120] = (60, 90, 160)
    for seed in range(10):
        taken = photographed(picture, np.random.default_rng(seed))
        assert taken.shape == picture.shape and taken.dtype == np.uint8
        grey = picture.mean(axis=2) - taken.mean(axis=2)
        assert np.abs(grey).mean() < 25.0
