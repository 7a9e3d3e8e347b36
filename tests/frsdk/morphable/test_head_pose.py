"""Angles' signs, and the pose in the photograph."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import (
    Pose,
    angles_300w_lp,
    angles_from_rotation,
    pose_from_params,
    quaternion_from_rotation,
    rotation_300w_lp,
    rotation_from_angles,
)
from frsdk.morphable.morphable_model import MorphableModel

ANGLE = st.floats(-179, 179)
INSIDE = st.floats(-89, 89)  # of the angle that has the poles
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


def about(axis: int, angle_deg: float) -> np.ndarray:
    """A right-handed turn about one axis."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    turn = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
    return turn


@given(ANGLE, INSIDE, ANGLE)
def test_rotation_is_the_product_of_its_axes_heading_first(
    yaw: float, pitch: float, roll: float
) -> None:
    rotation = rotation_from_angles(yaw, pitch, roll)
    assert np.allclose(rotation, about(1, yaw) @ about(0, -pitch) @ about(2, -roll))
    assert angles_from_rotation(rotation) == pytest.approx((yaw, pitch, roll), abs=1e-5)


@given(INSIDE, ANGLE, ANGLE)
def test_the_order_of_300w_lp(yaw: float, pitch: float, roll: float) -> None:
    rotation = rotation_300w_lp(yaw, pitch, roll)
    assert np.allclose(rotation, about(0, -pitch) @ about(1, yaw) @ about(2, -roll))
    assert angles_300w_lp(rotation) == pytest.approx((yaw, pitch, roll), abs=1e-5)


def test_an_upright_profile_reads_as_a_person_would_say_it() -> None:
    rotation = rotation_from_angles(95, 5, 3)
    assert angles_from_rotation(rotation) == pytest.approx((95, 5, 3))
    # 300W-LP's order keeps yaw below 90, and gives the rest to pitch and roll.
    assert angles_300w_lp(rotation_300w_lp(95, 5, 3)) == pytest.approx((85, -175, -177))
    # A camera 2 degrees off a full profile: nothing but yaw changes.
    for yaw in (88, 90, 92):
        assert angles_from_rotation(rotation_from_angles(yaw, 5, 3)) == pytest.approx((yaw, 5, 3))


@pytest.mark.parametrize("pitch", [90.0, -90.0])
@pytest.mark.parametrize("yaw", [-150.0, 0.0, 50.0])
def test_a_face_straight_up_has_no_roll(pitch: float, yaw: float) -> None:
    angles = angles_from_rotation(rotation_from_angles(yaw, pitch, 0))
    assert angles == pytest.approx((yaw, pitch, 0), abs=1e-4)
    # Another roll is the same turn as another yaw: the rotation is what has to come back.
    rotation = rotation_from_angles(yaw, pitch, 40)
    assert np.allclose(rotation_from_angles(*angles_from_rotation(rotation)), rotation, atol=1e-6)


@pytest.mark.parametrize("yaw", [90.0, -90.0])
@pytest.mark.parametrize("pitch", [-30.0, 0.0, 50.0])
def test_full_profile_has_no_roll_in_the_order_of_300w_lp(yaw: float, pitch: float) -> None:
    angles = angles_300w_lp(rotation_300w_lp(yaw, pitch, 0))
    assert angles == pytest.approx((yaw, pitch, 0), abs=1e-4)
    rotation = rotation_300w_lp(yaw, pitch, 40)
    assert np.allclose(rotation_300w_lp(*angles_300w_lp(rotation)), rotation, atol=1e-6)


@given(ANGLE, INSIDE, ANGLE)
def test_quaternion_turns_as_the_rotation_does(yaw: float, pitch: float, roll: float) -> None:
    rotation = rotation_from_angles(yaw, pitch, roll)
    w, x, y, z = quaternion = quaternion_from_rotation(rotation)
    assert w >= 0 and np.linalg.norm(quaternion) == pytest.approx(1)
    vector = np.array([x, y, z])
    for point in np.eye(3):  # v + 2 q x (q x v + w v)
        turned = point + 2 * np.cross(vector, np.cross(vector, point) + w * point)
        assert turned == pytest.approx(rotation @ point, abs=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_quaternions_of_half_turns(axis: int) -> None:
    quaternion = quaternion_from_rotation(about(axis, 180))
    assert np.abs(quaternion) == pytest.approx(np.eye(4)[axis + 1])


def test_direction_is_where_the_nose_points_in_the_picture() -> None:
    def direction(*angles: float) -> np.ndarray:
        rotation = rotation_from_angles(*angles)
        return Pose.from_rotation(rotation, scale=1.0, translation=np.zeros(3)).direction

    half, rest = math.sin(math.radians(30)), math.cos(math.radians(30))
    assert direction(30, 0, 70) == pytest.approx([half, 0, rest])  # to the right, whatever the roll
    assert direction(0, 30, 70) == pytest.approx([0, -half, rest])  # up is less y
    assert direction(180, 0, 0) == pytest.approx([0, 0, -1])  # away from the camera


@given(ANGLE, INSIDE, st.floats(-170, 170), st.floats(0.1, 2), st.floats(20, 900))
def test_pose_in_the_photograph(
    yaw: float, pitch: float, roll: float, scale: float, side: float
) -> None:
    params = params_of(rotation_from_angles(yaw, pitch, roll), scale, (59.5, 59.5, 10))
    pose = pose_from_params(params, Roi(30, 40, side), 120)
    # At a pitch of 89 degrees yaw and roll have a 57th of the float32 parameters' precision.
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
    homogeneous = np.concatenate([tiny_model.mean, np.ones((len(tiny_model.mean), 1))], axis=1)
    moved = homogeneous @ pose.matrix.T  # (N, 4), y up
    assert np.allclose(moved[:, :3] * (1, -1, 1), placed, atol=1e-3)
    assert np.linalg.det(pose.matrix) == pytest.approx(pose.scale**3)  # nothing is mirrored


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
