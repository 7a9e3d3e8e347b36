"""Expressions of a face by name, the learned neutral face, and the CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from frsdk import (
    Face,
    InputError,
    NeutralFace,
    Roi,
    blendshapes_of,
    builtin_face_model,
    write_blendshape_csv,
)
from frsdk.expressions.blendshape_csv import COLUMNS, timecode
from frsdk.expressions.blendshape_solver import builtin_solver
from frsdk.expressions.blendshape_table import BLENDSHAPE_NAMES, builtin_blendshapes
from frsdk.expressions.eye_and_mouth import eye_opening, eyes_closed, mouth_open
from frsdk.face import face_from_params

AT = {name: k for k, name in enumerate(BLENDSHAPE_NAMES)}


def landmarks(weights: dict[str, float], person: int = -1) -> np.ndarray:
    """(68, 3) as in a picture, y down."""
    table = builtin_blendshapes()
    shape = table.neutral + sum(w * table.displacement[AT[name]] for name, w in weights.items())
    if person >= 0:
        shape = shape + np.tensordot(
            np.random.default_rng(person).normal(size=len(table.identity)), table.identity, 1
        )
    return np.asarray(shape * (2.0, -2.0, 2.0) + 200.0)


def face() -> Face:
    params = np.zeros(62, np.float32)
    params[[0, 5, 10]], params[[3, 7]] = 0.7, 60.0
    params[52:] = 1.5
    model = builtin_face_model()
    points = model.decode_landmarks(params[None], size=120)[0]
    roi = Roi(10.0, 20.0, 240.0)
    return face_from_params(
        params, points, roi=roi, box_xyxy=None, score=1.0, face_model=model, crop_size=120
    )


def test_eyes_and_mouth_of_known_faces() -> None:
    assert eyes_closed(landmarks({})) == (0.0, 0.0)
    assert eyes_closed(landmarks({"eyeBlinkLeft": 1.0})) == (1.0, 0.0)
    assert eyes_closed(landmarks({"eyeBlinkRight": 1.0})) == (0.0, 1.0)
    half = eyes_closed(landmarks({"eyeBlinkLeft": 0.4, "eyeBlinkRight": 0.4}))
    assert half == pytest.approx((0.4, 0.4), abs=0.15)
    assert mouth_open(landmarks({})) < 0.05
    assert mouth_open(landmarks({"jawOpen": 1.0})) == pytest.approx(1.0, abs=0.06)
    assert 0.3 < mouth_open(landmarks({"jawOpen": 0.5})) < 0.7


def test_eye_opening_is_lids_over_corners() -> None:
    points = np.zeros((68, 2))
    points[[36, 39, 42, 45], 0] = 0.0, 10.0, 20.0, 30.0
    points[[37, 38, 43, 44], 1], points[[40, 41, 46, 47], 1] = -1.0, 1.0
    points[[37, 41]] += (3.0, 0.0)
    points[[38, 40]] += (6.0, 0.0)
    points[[43, 47]] += (23.0, 0.0)
    points[[44, 46], 0] = 27.0
    points[44, 1] = -2.0
    assert eye_opening(points) == pytest.approx((0.25, 0.2))


def test_a_face_tells_the_strong_names_of_any_face_model() -> None:
    one = face()
    told = one.blendshapes
    assert tuple(told) == builtin_blendshapes().seen(neutral_known=False)
    assert all(0.0 <= value <= 1.0 for value in told.values())
    assert told == blendshapes_of(one)
    assert one.eyes_closed == eyes_closed(one.landmarks)
    assert one.mouth_open == mouth_open(one.landmarks)


class Drawn:
    """A face that is its landmarks."""

    def __init__(self, points: np.ndarray) -> None:
        self.landmarks = points.astype(np.float32)


def test_a_learned_neutral_face_tells_more_and_better() -> None:
    neutral = NeutralFace()
    rng = np.random.default_rng(0)
    for k in range(20):
        shown = {"jawOpen": float(rng.random()), "mouthSmileLeft": 0.3 * (k % 3)}
        assert neutral.ready == (k >= 15)
        neutral.add(landmarks(shown, person=2))
    own = builtin_solver().aligned(landmarks({}, person=2))
    average = builtin_blendshapes().neutral
    assert np.abs(neutral.shape - own).mean() < 0.6 * np.abs(average - own).mean()
    shown = Drawn(landmarks({"mouthStretchLeft": 0.8, "mouthStretchRight": 0.8}, person=2))
    told = blendshapes_of(shown, neutral)
    assert tuple(told) == builtin_blendshapes().seen(neutral_known=True)
    assert told["mouthStretchLeft"] > 0.4
    assert "mouthStretchLeft" not in blendshapes_of(shown)


def test_a_neutral_face_is_not_learned_from_anything() -> None:
    neutral = NeutralFace()
    with pytest.raises(InputError, match="mm from any face"):
        neutral.add(np.random.default_rng(1).normal(size=(68, 3)))
    assert neutral.frames == 0 and not neutral.ready


def test_the_csv_has_the_columns_of_capture_apps(tmp_path: Path) -> None:
    frames = [
        (k / 30.0, {"jawOpen": 0.25 * k, "eyeBlinkLeft": 1.0}, (10.0, -5.0, 2.0)) for k in range(3)
    ]
    assert write_blendshape_csv(tmp_path / "take.csv", frames, fps=30.0) == 3
    with (tmp_path / "take.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    assert tuple(header) == COLUMNS and len(header) == 63
    assert header[:4] == ["Timecode", "BlendshapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[19] == "JawOpen" and header[53:55] == ["TongueOut", "HeadYaw"]
    assert rows[2][:2] == ["00:00:00:02.000", "61"]
    assert [float(row[19]) for row in rows] == [0.0, 0.25, 0.5]
    assert float(rows[0][2]) == 1.0 and float(rows[0][3]) == 0.0
    assert float(rows[0][54]) == pytest.approx(np.radians(10.0), abs=1e-6)


@pytest.mark.parametrize(
    ("time_s", "fps", "text"),
    [
        (0.0, 25.0, "00:00:00:00.000"),
        (3725.5, 30.0, "01:02:05:15.000"),
        (0.05, 30.0, "00:00:00:01.500"),
    ],
)
def test_timecodes(time_s: float, fps: float, text: str) -> None:
    assert timecode(time_s, fps) == text


def test_frames_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    with pytest.raises(InputError, match="smile: not a blendshape"):
        write_blendshape_csv(path, [(0.0, {"smile": 1.0}, (0.0, 0.0, 0.0))], fps=30.0)
    for fps in (0.0, 1e-4, float("inf"), float("nan")):
        with pytest.raises(InputError, match=r"expected fps >= 0\.001"):
            write_blendshape_csv(path, [], fps=fps)
    for time_s in (-1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="time in seconds >= 0"):
            write_blendshape_csv(path, [(time_s, {}, (0.0, 0.0, 0.0))], fps=30.0)
    for shapes, yaw in (({"jawOpen": float("nan")}, 0.0), ({}, float("inf"))):
        with pytest.raises(InputError, match="finite blendshapes and angles"):
            write_blendshape_csv(path, [(0.5, shapes, (yaw, 0.0, 0.0))], fps=30.0)
    assert write_blendshape_csv(path, [(3e6, {}, (0.0,) * 3)], fps=1e-3) == 1  # a time-lapse
    path.unlink()
    assert not path.exists()
