"""The table of named expressions: two sources in one frame, how people differ, what is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from frsdk.export.datasets.face_labels import MIRROR_68
from frsdk.export.facemodel.blendshape_landmarks import (
    brought_to,
    leading_modes,
    write_blendshapes,
)
from frsdk.export.facemodel.blendshape_observability import Observability, draw_weights, observe
from frsdk.expressions.blendshape_table import (
    BLENDSHAPE_NAMES,
    STRONG,
    UNSEEN,
    WITH_NEUTRAL,
    NamedShapes,
    builtin_blendshapes,
    read_blendshape_table,
)
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import builtin_face_model

FLIP = np.array([-1.0, 1.0, 1.0])


def test_another_source_is_brought_to_the_frame_of_the_first() -> None:
    table = builtin_blendshapes()
    turn = 0.013 * rotation_from_angles(0.0, 20.0, 0.0).T
    moved = NamedShapes(
        table.neutral @ turn + (0.0, 7.0, 1.0), table.displacement @ turn, table.identity @ turn
    )
    back = brought_to(moved, table.neutral)
    for name in ("neutral", "displacement", "identity"):
        np.testing.assert_allclose(getattr(back, name), getattr(table, name), atol=1e-9)


def test_the_two_sources_of_the_table_say_the_same_movements() -> None:
    table = builtin_blendshapes()
    assert np.sqrt(np.square(table.neutral - table.second.neutral).sum(axis=1).mean()) < 5.0
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browDownLeft", "mouthPucker"):
        k = BLENDSHAPE_NAMES.index(name)
        one, other = table.displacement[k].ravel(), table.second.displacement[k].ravel()
        assert one @ other > 0.6 * np.linalg.norm(one) * np.linalg.norm(other), name


def test_modes_hold_the_spread_of_both_sides_alike() -> None:
    rng = np.random.default_rng(0)
    neutral = np.array(builtin_blendshapes().neutral)
    spread = np.array(builtin_blendshapes().second.identity[:5])
    people = np.tensordot(rng.normal(size=(400, 5)), spread, 1) / np.sqrt(400)
    modes = leading_modes(people, neutral, 10)
    flat = modes.reshape(10, -1)
    covariance = flat.T @ flat
    mirrored = (modes[:, MIRROR_68] * FLIP).reshape(10, -1)
    np.testing.assert_allclose(mirrored.T @ mirrored, covariance, atol=1e-3 * covariance.max())
    assert abs(np.trace(covariance) / np.square(people).sum() - 1.0) < 0.05


def test_what_is_written_is_read(tmp_path: Path) -> None:
    table = builtin_blendshapes()
    grade = np.arange(51) % 3
    write_blendshapes(replace(table, grade=grade), tmp_path / "table.npz")
    again = read_blendshape_table(tmp_path / "table.npz")
    np.testing.assert_array_equal(again.grade, grade)
    np.testing.assert_array_equal(again.displacement, table.displacement)
    np.testing.assert_array_equal(again.second.identity, table.second.identity)


def test_the_jaw_is_seen_better_than_the_cheeks() -> None:
    seen = observe(builtin_blendshapes(), builtin_face_model(), faces=40)
    jaw, cheek = BLENDSHAPE_NAMES.index("jawOpen"), BLENDSHAPE_NAMES.index("cheekSquintLeft")
    assert seen.exact[jaw] > 0.9 and seen.known[jaw] > 0.9
    assert seen.exact[cheek] < 0.5


def test_grades_follow_the_correlations() -> None:
    high, low = np.full(51, 0.95), np.full(51, 0.1)
    assert set(Observability(high, high, high, high).grade()) == {STRONG}
    assert set(Observability(high, low, high, high).grade()) == {WITH_NEUTRAL}
    assert set(Observability(low, low, low, low).grade()) == {UNSEEN}


def test_drawn_weights_never_undo_each_other() -> None:
    weights = draw_weights(np.random.default_rng(1), 200)
    at = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}
    assert (weights[:, at["jawLeft"]] * weights[:, at["jawRight"]] == 0.0).all()
    assert (weights[:, at["mouthClose"]] <= weights[:, at["jawOpen"]]).all()
    assert 3.0 < (weights > 0.0).sum(axis=1).mean() < 9.0
