"""Angles' signs, and the pose in the photograph."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import angles_from_rotation, pose_from_params, rotation_from_angles
from frsdk.morphable.morphable_model import MorphableModel

ANGLE = st.floats(-179, 179)
YAW = st.floats(-89, 89)
NOSE, CROWN = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])  # y up, z toward the camera


def params_of(rotation: np.ndarray, scale: float, translation: tuple[float, ...]) -> np.ndarray:
    matrix = np.concatenate([rotation * scale, np.array(translation)[:, None]], axis=1)
    return np.concatenate([matrix.reshape(-1), np.zeros(50)]).astype(np.float32)


def test_positive_yaw_turns_the_nose_to_the_image_s_right() -> None:
    nose = rotation_from_angles(30, 0, 0) @ NOSE
    assert nose == pytest.approx([math.sin(math.radians(30)), 0, math.cos(math.radians(30))])


def test_positive_pitch_turns_the_nose_up() -> None:
    nose = rotation_from_angles(0, 20, 0) @ NOSE
    assert nose == pytest.approx([0, math.sin(math.radians(20)), math.cos(math.radians(20))])


def test_positive_roll_leans_the_crown_clockwise() -> None:
    # Clockwise as seen in the image: from twelve o'clock toward three.
    crown = rotation_from_angles(0, 0, 25) @ CROWN
    assert crown == pytest.approx([math.sin(math.radians(25)), math.cos(math.radians(25)), 0])


@given(YAW, ANGLE, ANGLE)
def test_rotation_is_the_product_of_its_axes(yaw: float, pitch: float, roll: float) -> None:
    def about(axis: int, angle_deg: float) -> np.ndarray:
        c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        return turn

    rotation = rotation_from_angles(yaw, pitch, roll)
    assert np.allclose(rotation, about(0, -pitch) @ about(1, yaw) @ about(2, -roll))
    assert angles_from_rotation(rotation) == pytest.approx((yaw, pitch, roll), abs=1e-5)


@pytest.mark.parametrize("yaw", [90.0, -90.0])
@pytest.mark.parametrize("pitch", [-30.0, 0.0, 50.0])
def test_full_profile_has_no_roll(yaw: float, pitch: float) -> None:
    angles = angles_from_rotation(rotation_from_angles(yaw, pitch, 0))
    assert angles == pytest.approx((yaw, pitch, 0), abs=1e-4)
    # Another roll is the same turn as another pitch: the rotation is what has to come back.
    rotation = rotation_from_angles(yaw, pitch, 40)
    assert np.allclose(rotation_from_angles(*angles_from_rotation(rotation)), rotation, atol=1e-6)


@given(YAW, st.floats(-89, 89), st.floats(-170, 170), st.floats(0.1, 2), st.floats(20, 900))
def test_pose_in_the_photograph(
    yaw: float, pitch: float, roll: float, scale: float, side: float
) -> None:
    params = params_of(rotation_from_angles(yaw, pitch, roll), scale, (59.5, 59.5, 10))
    pose = pose_from_params(params, Roi(30, 40, side), 120)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx(
        (yaw, pitch, roll), abs=0.02
    )
    assert pose.scale == pytest.approx(scale * side / 120, rel=1e-5)
    # 59.5 from below is 59.5 from above: the middle of the square.
    middle = (30 + side / 2 - 0.5, 40 + side / 2 - 0.5, 10 * side / 120)
    assert pose.translation == pytest.approx(middle, rel=1e-5, abs=1e-4)


def test_a_turned_roi_adds_its_roll() -> None:
    params = params_of(rotation_from_angles(0, 0, 5), 0.5, (59.5, 59.5, 0))
    pose = pose_from_params(params, Roi(0, 0, 120, roll_deg=30), 120)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((0, 0, 35), abs=1e-3)


def test_pose_places_the_model_where_decoding_does(tiny_model: MorphableModel) -> None:
    params = params_of(rotation_from_angles(20, -10, 15), 0.4, (70, 50, 5))
    roi = Roi(-20, 60, 240, roll_deg=-25)
    pose = pose_from_params(params, roi, 120)
    y_up = pose.scale * tiny_model.mean @ pose.rotation.T  # (N, 3)
    placed = y_up * (1, -1, 1) + pose.translation
    from frsdk.imaging.roi import image_from_crop_points

    decoded = tiny_model.decode_vertices(params[None], size=120)[0]
    assert np.allclose(placed, image_from_crop_points(decoded, roi, 120), atol=1e-3)


def test_a_sheared_matrix_gives_the_nearest_rotation() -> None:
    rotation = rotation_from_angles(40, 10, -20)
    noise = np.random.default_rng(0).normal(size=(3, 3)) * 0.01
    pose = pose_from_params(params_of(rotation + noise, 0.5, (0, 0, 0)), Roi(0, 0, 120), 120)
    assert np.allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(pose.rotation) == pytest.approx(1)
    assert pose.yaw_deg == pytest.approx(40, abs=2)
    assert not pose.rotation.flags.writeable
    assert not pose.translation.flags.writeable


def test_labels_signs_are_converted(shared_data) -> None:
    """The label files hold 3DDFA_V2's signs: yaw > 0 is to the left there."""
    with np.load(shared_data / "faces" / "val.npz") as labels:
        points, yaw = labels["lmk68"], labels["yaw_deg"]
    turned = np.flatnonzero(np.abs(yaw) > 30)
    # The tip of the nose lies beside the middle of the jaw's ends, on the side the face turns to.
    offset = points[turned, 30, 0] - points[turned][:, [0, 16], 0].mean(axis=1)
    assert (np.sign(offset) == -np.sign(yaw[turned])).mean() > 0.98
