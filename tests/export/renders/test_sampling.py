"""Shares and ranges of what is drawn: people, expressions, turns of the head, skins."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.export.renders.appearance_sampling import sample_appearance
from frsdk.export.renders.drawing.camera_sampling import sample_turn
from frsdk.export.renders.expression_sampling import sample_expression, sample_names
from frsdk.export.renders.person_sampling import sample_person
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES
from frsdk.morphable.head_pose import angles_from_rotation

DETAILS = [
    "nose/nose-width-decr", "nose/nose-width-incr", "eyes/l-eye-trans-in", "eyes/l-eye-trans-out",
    "eyes/r-eye-trans-in", "eyes/r-eye-trans-out", "head/head-oval", "asym/asym-jaw-1-l",
    "asym/asym-jaw-1-r",
]  # fmt: skip


@pytest.fixture(scope="module")
def expressions() -> list:
    rng = np.random.default_rng(1)
    return [sample_expression(rng) for _ in range(2000)]


def test_a_fifth_of_the_faces_has_closed_eyes_and_a_twentieth_one(expressions: list) -> None:
    kinds = [each.eyes for each in expressions]
    assert kinds.count("closed") / 2000 == pytest.approx(0.20, abs=0.03)
    assert kinds.count("one closed") / 2000 == pytest.approx(0.05, abs=0.015)
    for each in expressions:
        blinks = sorted(each.weights.get(f"eyeBlink{s}", 0.0) for s in ("Left", "Right"))
        if each.eyes == "closed":
            assert blinks[0] >= 0.72
        elif each.eyes == "one closed":
            assert blinks[0] <= 0.6 and blinks[1] >= 0.72
        else:
            assert blinks[1] <= 0.6


def test_weights_are_of_known_names_within_0_and_1(expressions: list) -> None:
    seen = set()
    for each in expressions:
        assert all(0.0 < value <= 1.0 for value in each.weights.values())
        assert each.weights.get("mouthClose", 0.0) <= each.weights.get("jawOpen", 0.0) + 1e-9
        seen |= set(each.weights)
    assert seen == set(BLENDSHAPE_NAMES)


def test_looks_follow_the_gaze(expressions: list) -> None:
    for each in expressions[:200]:
        (left, up), (right, _) = each.gaze_rad
        assert ("eyeLookOutLeft" in each.weights) <= (left > 0.0)
        assert ("eyeLookInRight" in each.weights) <= (right > 0.0)
        assert ("eyeLookUpLeft" in each.weights) <= (up > 0.0)
        assert right - left >= 0.0  # eyes converge, they never part


def test_yaw_reaches_95_degrees_with_more_beyond_40() -> None:
    rng = np.random.default_rng(2)
    turns = [sample_turn(rng) for _ in range(2000)]
    yaw = np.array([turn.yaw_deg for turn in turns])
    assert 93.0 < np.abs(yaw).max() <= 95.0
    assert (np.abs(yaw) > 40.0).mean() == pytest.approx(0.58, abs=0.04)
    assert abs((yaw > 0.0).mean() - 0.5) < 0.05
    assert max(abs(turn.nod_deg) + abs(turn.tilt_deg) for turn in turns) <= 35.0 + 1e-6
    assert max(abs(turn.roll_deg) for turn in turns) <= 40.0


def test_a_turn_without_tilt_and_roll_is_read_back() -> None:
    turn = sample_turn(np.random.default_rng(0))
    plain = type(turn)(60.0, 10.0, 0.0, 0.0, 0.0, 10.0)
    yaw, pitch, roll = angles_from_rotation(plain.rotation())
    assert (yaw, pitch) == pytest.approx((60.0, 10.0)) and abs(roll) < 1e-6


def test_targets_of_a_person_sum_to_one_and_sides_go_together() -> None:
    rng = np.random.default_rng(3)
    for number in range(200):
        person = sample_person(rng, str(number), DETAILS)
        of_people = [v for k, v in person.macros.items() if not k.startswith("universal")]
        assert sum(of_people) == pytest.approx(1.0, abs=0.02)
        built = [v for k, v in person.macros.items() if k.startswith("universal")]
        assert sum(built) == pytest.approx(1.0, abs=0.03)
        signed = {}
        for side in "lr":
            out = person.details.get(f"eyes/{side}-eye-trans-out", 0.0)
            signed[side] = out - person.details.get(f"eyes/{side}-eye-trans-in", 0.0)
        assert abs(signed["l"] - signed["r"]) < 0.25
        assert max(person.details.values()) <= 1.2
    assert 0.0 < person.age < 3.0


def test_equal_seeds_make_equal_people() -> None:
    first, second, other = (
        sample_person(np.random.default_rng(seed), "a", DETAILS) for seed in (5, 5, 6)
    )
    assert first == second and first != other


def test_dark_people_get_dark_skins_and_children_no_beards() -> None:
    rng = np.random.default_rng(4)
    colours = {
        "young_darkskinned_male_diffuse": np.array([0.09, 0.03, 0.015]),
        "young_lightskinned_female_diffuse2": np.array([0.79, 0.45, 0.32]),
    }
    for number in range(300):
        person = sample_person(rng, str(number), DETAILS)
        look = sample_appearance(rng, person, colours, ["b"], ["l"], ["brown_eye", "blue_eye"])
        skin = np.array(look.skin_look.tint) * colours[look.skin]
        if person.ethnicity[0] > 0.9:
            assert skin.mean() < 0.2
        if person.ethnicity[2] > 0.9:
            assert skin.mean() > 0.15
        if person.age < 1.6:
            assert look.skin_look.beard[:3] == (0.0, 0.0, 0.0)
            assert look.skin_look.lipstick[3] == 0.0


def test_every_name_is_drawn_alike_and_none_beside_its_opposite() -> None:
    rng = np.random.default_rng(7)
    drawn = [sample_names(rng) for _ in range(1500)]
    counts = {name: sum(name in each.weights for each in drawn) for name in BLENDSHAPE_NAMES}
    counts.pop("mouthClose")  # only beside an open jaw
    assert min(counts.values()) > 90 and max(counts.values()) < 220
    for each in drawn:
        assert not {"jawLeft", "jawRight"} <= set(each.weights)
        assert not {"eyeBlinkLeft", "eyeWideLeft"} <= set(each.weights)
        assert all(0.0 < value <= 1.0 for value in each.weights.values())
        blinks = [each.weights.get(f"eyeBlink{side}", 0.0) > 0.7 for side in ("Left", "Right")]
        assert each.eyes == ("open", "one closed", "closed")[sum(blinks)]
