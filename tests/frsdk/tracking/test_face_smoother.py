"""One face's filters: rest, motion, the way apart and together, another person."""

from __future__ import annotations

import math

import numpy as np
import pytest

from frsdk import InputError, Roi, Smoothing
from frsdk.face import Face, face_from_params
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.tracking.face_smoother import FaceSmoother
from frsdk.tracking.face_state import face_of, landmark_middle, state_of
from frsdk.tracking.smoothing_settings import PRESETS, smoothing_from_option

DT = 1 / 30


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return builtin_face_model()


def face_at(
    model: MorphableModel, x: float, *, yaw_deg: float = 0.0, noise=None, shape=None, roi=None
) -> Face:
    """A face in the crop, x crop pixels to the right."""
    params = np.zeros(62, np.float32)
    pose = np.zeros((3, 4))
    pose[:, :3] = 0.5 * rotation_from_angles(yaw_deg, 3.0, 5.0)
    pose[:2, 3] = 60 + x, 60
    params[:12] = pose.reshape(-1)
    if shape is not None:
        params[12:52] = shape
    if noise is not None:
        params = params + noise.astype(np.float32)
    return face_from_params(
        params,
        model.decode_landmarks(params[None], size=120)[0],
        roi=roi or Roi(100.3, 50.7, 180.0, 10.0),
        box_xyxy=None,
        score=1.0,
        face_model=model,
        crop_size=120,
    )


def noise_of(random: np.random.Generator) -> np.ndarray:
    noise = random.normal(0, 0.002, 62)
    noise[[3, 7]] = random.normal(0, 0.1, 2)
    noise[12:] = random.normal(0, 0.05, 50)
    return noise


def steps(faces: list[Face]) -> float:
    """Mean length of the landmarks' steps, image pixels."""
    paths = np.stack([face.landmarks[:, :2] for face in faces])
    return float(np.linalg.norm(np.diff(paths, axis=0), axis=2).mean())


def test_taken_apart_and_put_together_a_face_is_itself(model) -> None:
    random = np.random.default_rng(0)
    middle, size = landmark_middle(model)
    assert size > 50
    for roll in (-70.0, 0.0, 35.0):
        noise = random.normal(0, 0.01, 62)
        face = face_at(model, 3.0, yaw_deg=40.0, noise=noise, roi=Roi(20.5, 7.25, 333.0, roll))
        again = face_of(state_of(face, middle), middle, face)
        assert np.abs(again.params - face.params).max() < 1e-4
        assert np.abs(again.landmarks - face.landmarks).max() < 2e-3
        state = state_of(face, middle)
        assert np.allclose(state.rotation @ state.rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(state.rotation) == pytest.approx(1.0)


@pytest.mark.parametrize("name", PRESETS)
def test_a_face_that_stands_still_stands_still(model, name) -> None:
    random = np.random.default_rng(1)
    smoother = FaceSmoother(PRESETS[name], model)
    raw = [face_at(model, 0.0, noise=noise_of(random)) for _ in range(90)]
    smooth = [smoother(face, DT) for face in raw]
    limit = {"balanced": 0.1, "steady": 0.06, "responsive": 0.25}[name]
    assert steps(smooth[30:]) < limit * steps(raw[30:])
    truth = face_at(model, 0.0).landmarks
    error = [np.abs(face.landmarks - truth).mean() for face in (raw[-1], smooth[-1])]
    assert error[1] < error[0]


def test_a_face_that_moves_is_not_late(model) -> None:
    smoother = FaceSmoother(PRESETS["balanced"], model)
    random = np.random.default_rng(2)
    size_px = 0.3 * 85  # a third of the face in crop pixels, once a second
    path = [size_px * math.sin(2 * math.pi * index * DT) for index in range(90)]
    found, truth = [], []
    for x in path:
        found.append(smoother(face_at(model, x, noise=noise_of(random)), DT).landmarks[:, 0].mean())
        truth.append(face_at(model, x).landmarks[:, 0].mean())
    error, speed = np.array(found) - truth, np.gradient(truth, DT)
    error, speed = error[15:], speed[15:]
    lag_ms = -1e3 * float((error - error.mean()) @ speed / (speed @ speed))
    assert abs(lag_ms) < 5.0


def test_a_turn_through_the_back_is_a_short_way(model) -> None:
    smoother = FaceSmoother(Smoothing(beta=1e6), model)
    for yaw in np.linspace(170, 190, 21):
        smooth = smoother(face_at(model, 0.0, yaw_deg=float(yaw)), DT)
        raw = face_at(model, 0.0, yaw_deg=float(yaw))
        assert np.abs(smooth.landmarks - raw.landmarks).max() < 2.0


def test_the_shape_converges_and_starts_anew_with_another_person(model) -> None:
    random = np.random.default_rng(3)
    smoother = FaceSmoother(PRESETS["balanced"], model)
    first, second = random.normal(0, 0.4, 40), random.normal(0, 0.4, 40)

    def last_of(shape: np.ndarray, frames: int) -> np.ndarray:
        for _ in range(frames):
            face = smoother(face_at(model, 0.0, noise=noise_of(random), shape=shape), DT)
        return face.params[12:52]

    early = np.linalg.norm(last_of(first, 3) - first)
    late = np.linalg.norm(last_of(first, 100) - first)
    assert late < 0.4 * early
    assert np.linalg.norm(last_of(second, 60) - second) < 0.2 * np.linalg.norm(second - first)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"beta": -1.0}, "beta"),
        ({"min_cutoff_hz": math.nan}, "min_cutoff_hz"),
        ({"hold_s": 0.0}, "above 0"),
        ({"lead": 1.5}, "lead"),
    ],
)
def test_impossible_constants_are_refused(values, said) -> None:
    with pytest.raises(InputError, match=said):
        Smoothing(**values)


def test_presets_by_name() -> None:
    own = Smoothing(beta=5.0)
    assert smoothing_from_option(None) is None
    assert smoothing_from_option(own) is own
    assert smoothing_from_option("balanced") == Smoothing()
