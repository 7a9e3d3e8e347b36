"""Named expressions from landmarks: the bounded solve, the table, known weights found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from frsdk import FaceModelError, InputError
from frsdk.expressions.blendshape_solver import BlendshapeSolver, builtin_solver
from frsdk.expressions.blendshape_table import (
    BLENDSHAPE_NAMES,
    STRONG,
    builtin_blendshapes,
    read_blendshape_table,
)
from frsdk.expressions.bounded_least_squares import solve_in_unit_box
from frsdk.morphable.head_pose import rotation_from_angles

AT = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}


@pytest.mark.parametrize("seed", range(8))
def test_the_bounded_solve_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(60, 25)) @ np.diag(np.geomspace(1.0, 0.05, 25))
    b = a @ rng.uniform(-0.7, 1.7, 25) + rng.normal(size=60) * 0.1
    found = solve_in_unit_box(a.T @ a, a.T @ b)
    wanted = lsq_linear(a, b, bounds=(0.0, 1.0), tol=1e-14).x
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    near = np.clip(found + rng.normal(size=25) * 0.3, 0.0, 1.0)  # where it begins does not matter
    np.testing.assert_allclose(solve_in_unit_box(a.T @ a, a.T @ b, near), wanted, atol=1e-5)


def test_active_sets_that_go_in_circles_are_finished() -> None:
    normal = np.array([[4.0, 5.0, -5.0], [5.0, 9.0, -5.0], [-5.0, -5.0, 7.0]])  # not an M-matrix
    right = np.array([2.0, 1.0, -3.0])
    x = solve_in_unit_box(normal, right)
    slope = right - normal @ x
    assert (slope[x == 0.0] <= 1e-8).all() and (slope[x == 1.0] >= -1e-8).all()
    np.testing.assert_allclose(slope[(x > 0.0) & (x < 1.0)], 0.0, atol=1e-7)


def drawn(weights: dict[str, float], person: int = -1, second: bool = False) -> np.ndarray:
    """(68, 3) landmarks in an image: a person with an expression, turned, scaled, y down."""
    table = builtin_blendshapes().second if second else builtin_blendshapes()
    shape = table.neutral + sum(w * table.displacement[AT[name]] for name, w in weights.items())
    if person >= 0:
        shape = shape + np.tensordot(
            np.random.default_rng(person).normal(size=len(table.identity)), table.identity, 1
        )
    turned = shape @ rotation_from_angles(25.0, -10.0, 15.0).T * 2.3
    return np.asarray(turned * (1.0, -1.0, 1.0) + (310.0, 200.0, 40.0), np.float64)


@pytest.mark.parametrize("second", [False, True])
def test_a_neutral_face_has_no_expression(second: bool) -> None:
    assert builtin_solver().weights(drawn({}, second=second)).max() < 0.05


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("name", ["jawOpen", "mouthLeft", "eyeBlinkLeft", "mouthSmileRight"])
def test_one_expression_is_found_in_any_pose(name: str, second: bool) -> None:
    weights = builtin_solver().weights(drawn({name: 0.8}, second=second))
    assert weights[AT[name]] == pytest.approx(0.8, abs=0.3)
    assert weights[AT[name]] == weights.max()


def test_lids_that_meet_are_a_blink_whoever_blinks() -> None:
    solver = builtin_solver()
    for person in range(6):
        closed = drawn({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, person=person)
        for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
            closed[[upper, lower]] = closed[[upper, lower]].mean(axis=0)
        assert solver.weights(closed)[[AT["eyeBlinkLeft"], AT["eyeBlinkRight"]]].min() == 1.0


def test_narrow_eyes_that_are_known_are_not_closing() -> None:
    solver = builtin_solver()
    narrow = drawn({"eyeBlinkLeft": 0.55, "eyeBlinkRight": 0.55})
    neutral = solver.aligned(narrow)
    assert solver.weights(narrow)[AT["eyeBlinkLeft"]] > 0.2
    assert solver.weights(narrow, neutral)[AT["eyeBlinkLeft"]] < 0.05


def test_expressions_of_a_known_person() -> None:
    wanted = {"jawOpen": 0.6, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.4, "browInnerUp": 0.5}
    solver = builtin_solver()
    neutral = solver.aligned(drawn({}, person=3))
    known = solver.weights(drawn(wanted, person=3), neutral)
    stranger = solver.weights(drawn(wanted, person=3))
    truth = np.zeros(51)
    truth[[AT[name] for name in wanted]] = list(wanted.values())
    assert np.abs(known - truth).max() < 0.25
    assert np.square(known - truth).sum() < np.square(stranger - truth).sum()


def test_a_blink_of_one_eye_stays_on_its_side() -> None:
    weights = builtin_solver().weights(drawn({"eyeBlinkLeft": 1.0}, person=1))
    assert weights[AT["eyeBlinkLeft"]] > 0.6 > 0.3 > weights[AT["eyeBlinkRight"]]


def test_brows_need_the_persons_neutral_and_gaze_is_never_told() -> None:
    table = builtin_blendshapes()
    strong = table.seen(neutral_known=False)
    names = ("eyeBlink", "jaw", "mouthSmile", "mouth")
    both = {f"{name}{side}" for name in names for side in ("Left", "Right")}
    assert set(strong) == {"jawOpen", *both}
    known = table.seen(neutral_known=True)
    assert {"browDownLeft", "browInnerUp", "browOuterUpRight"} <= set(known)
    assert set(strong) < set(known)
    assert not [name for name in known if name.startswith("eyeLook")]
    grades = dict(zip(BLENDSHAPE_NAMES, table.grade, strict=True))
    for name in BLENDSHAPE_NAMES:
        assert grades[name] == grades[name.replace("Left", "Right")]


@pytest.mark.parametrize("second", [False, True])
def test_strong_names_correlate_with_known_weights(second: bool) -> None:
    rng = np.random.default_rng(5)
    solver = BlendshapeSolver()
    source = solver.table.second if second else solver.table
    truth = (rng.random((120, 51)) < 0.11) * rng.random((120, 51))
    people = np.tensordot(rng.normal(size=(120, len(source.identity))), source.identity, 1)
    shapes = source.neutral + people + np.tensordot(truth, source.displacement, 1)
    found = np.array([solver.weights(shape * (1.0, -1.0, 1.0)) for shape in shapes])
    for name in solver.table.seen(neutral_known=False):
        assert np.corrcoef(found[:, AT[name]], truth[:, AT[name]])[0, 1] > 0.75, name
    assert (solver.table.grade == STRONG).sum() == len(solver.table.seen(neutral_known=False))


@pytest.mark.parametrize("points", [np.zeros((68, 2)), np.full((68, 3), np.nan), np.ones((68, 3))])
def test_landmarks_that_are_none(points: np.ndarray) -> None:
    with pytest.raises(InputError, match="expected 68"):
        builtin_solver().weights(points)


def test_tables_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FaceModelError, match="frsdk-export facemodel blendshapes"):
        read_blendshape_table(tmp_path / "none.npz")
    shapes = {
        "neutral": np.zeros((68, 3)),
        "displacement": np.zeros((1, 68, 3)),
        "identity": np.zeros((1, 68, 3)),
    }
    second = {f"second_{name}": values for name, values in shapes.items()}
    np.savez(
        tmp_path / "other.npz",
        names=np.array(["a"]),
        step=np.array(1.0),
        grade=np.zeros(1, int),
        **shapes,
        **second,
    )
    with pytest.raises(FaceModelError, match="expected the 51 ARKit names"):
        read_blendshape_table(tmp_path / "other.npz")
