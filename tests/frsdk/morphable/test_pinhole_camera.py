"""Heads before a pinhole camera: exact projection, and the truth of a synthetic one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from frsdk.errors import InputError
from frsdk.face import Face, face_from_params
from frsdk.imaging.roi import Roi
from frsdk.morphable.head_pose import rotation_from_angles
from frsdk.morphable.morphable_model import builtin_face_model
from frsdk.morphable.pinhole_camera import WeakPerspectiveFace, camera_points
from frsdk.rendering.face_mesh import frontal_landmarks

SIZE = 120
CAMERA = np.array([[700.0, 0, 320], [0, 690.0, 235], [0, 0, 1]])


def project(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """(K, 3) camera points -> (K, 2) pixels."""
    shown = points @ camera.T
    return shown[:, :2] / shown[:, 2:]


def moved(points: np.ndarray, motion: np.ndarray) -> np.ndarray:
    return points @ motion[:3, :3].T + motion[:3, 3]


def weak_face(pose: np.ndarray, coefficients: np.ndarray) -> Face:
    """A face of a 640x480 photo; its pose (3, 4) leads to y-up pixels of its crop."""
    roi = Roi(0.0, 0.0, SIZE)
    params = np.concatenate([pose.ravel(), coefficients]).astype(np.float32)
    model = builtin_face_model()
    points = model.decode_landmarks(params[None], size=SIZE)[0]
    return face_from_params(
        params,
        points,
        roi=roi,
        box_xyxy=None,
        score=1.0,
        face_model=model,
        crop_size=SIZE,
        image_size_wh=(640, 480),
    )


def seen_through(
    camera: np.ndarray, rotation: np.ndarray, place_mm: tuple[float, float, float]
) -> tuple[Face, np.ndarray]:
    """The weak-perspective face fitted to a rigid head's true projection, and its true motion."""
    coefficients = np.random.default_rng(3).normal(size=50) * 0.4
    probe = weak_face(np.eye(3, 4), coefficients)
    shape = frontal_landmarks(probe).astype(float)
    eyes = np.linalg.norm(shape[36:42].mean(axis=0) - shape[42:48].mean(axis=0))
    unit = 63.0 / eyes
    truth = np.eye(4)
    truth[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ rotation  # y-up image frame -> OpenCV's camera
    truth[:3, 3] = place_mm
    pixels = project(moved(shape * unit, truth), camera)
    # Scaled orthography by least squares on x, y: two scaled rows, then the nearest rotation.
    rows, *_ = np.linalg.lstsq(np.c_[shape, np.ones(68)], pixels * (1, -1), rcond=None)
    first, second = rows[:3, 0], rows[:3, 1]
    scale = (np.linalg.norm(first) + np.linalg.norm(second)) / 2
    u, _, vt = np.linalg.svd(np.stack([first, second, np.cross(first, second) / scale]))
    pose = np.zeros((3, 4))
    pose[:, :3] = scale * (u @ vt)
    pose[0, 3], pose[1, 3] = rows[3, 0], rows[3, 1] + SIZE - 1
    return weak_face(pose, coefficients), truth


@pytest.mark.parametrize("focal", [400.0, 700.0, 5000.0])
def test_metric_vertices_project_exactly(focal: float) -> None:
    face, _ = seen_through(CAMERA, rotation_from_angles(25, -10, 8), (40, -30, 700))
    camera = np.array([[focal, 0, 300.0], [0, focal * 1.01, 250.0], [0, 0, 1]])
    points = moved(face.metric_vertices(camera), face.camera_matrix(camera))
    off = np.linalg.norm(project(points, camera) - face.vertices[:, :2], axis=1)
    assert off.max() < 1e-3  # of a pixel; 1 is asked for
    assert points[:, 2].min() > 0


def test_the_matrix_alone_projects_a_distant_head_within_a_pixel() -> None:
    """A rigid head needs no correction once it is far against its depth."""
    camera = np.array([[2500.0, 0, 320], [0, 2500.0, 240], [0, 0, 1]])
    face, _ = seen_through(camera, rotation_from_angles(20, 5, -5), (100, 50, 2600))
    shape = frontal_landmarks(face).astype(float)
    eyes = np.linalg.norm(shape[36:42].mean(axis=0) - shape[42:48].mean(axis=0))
    shown = project(moved(shape * 63 / eyes, face.camera_matrix(camera)), camera)
    off = np.linalg.norm(shown - face.landmarks[:, :2], axis=1)
    assert off.mean() < 1


@pytest.mark.parametrize(
    ("angles", "place"),
    [((0, 0, 0), (0, 0, 600)), ((25, -10, 8), (0, 0, 600)), ((-30, 5, 0), (220, -120, 800))],
)
def test_the_truth_of_a_synthetic_camera(
    angles: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    face, truth = seen_through(CAMERA, rotation_from_angles(*angles), place)
    found = face.camera_matrix(CAMERA)
    turn = found[:3, :3].T @ truth[:3, :3]
    assert math.degrees(math.acos(min(1.0, (np.trace(turn) - 1) / 2))) < 3
    assert np.linalg.norm(found[:3, 3] - truth[:3, 3]) < 0.05 * np.linalg.norm(place)
    np.testing.assert_allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(found[:3, :3]) == pytest.approx(1)
    assert found[3].tolist() == [0, 0, 0, 1]


def test_distance_grows_with_the_assumed_eyes_and_the_focal_length() -> None:
    face, _ = seen_through(CAMERA, np.eye(3), (0, 0, 600))
    base = face.camera_matrix(CAMERA)
    larger = face.camera_matrix(CAMERA, eye_distance_mm=126)
    np.testing.assert_allclose(larger[:3, 3], 2 * base[:3, 3], rtol=1e-6)
    longer = face.camera_matrix(CAMERA * [[2, 1, 1], [1, 2, 1], [1, 1, 1]])
    assert longer[2, 3] > 1.9 * base[2, 3]


def test_a_plain_lens_stands_in() -> None:
    face, _ = seen_through(CAMERA, np.eye(3), (0, 0, 600))
    plain = np.array([[640.0, 0, 319.5], [0, 640.0, 239.5], [0, 0, 1]])
    np.testing.assert_array_equal(face.camera_matrix(), face.camera_matrix(plain))


@pytest.mark.parametrize(
    ("intrinsics", "message"),
    [
        (np.zeros((3, 3)), "positive focal lengths"),
        (np.diag([700.0, 0, 1]), "positive focal lengths"),
        (np.eye(4), r"\(3, 3\) of finite numbers, got shape \(4, 4\)"),
        (CAMERA * np.nan, "finite numbers"),
        ([["a"]], r"expected intrinsics \(3, 3\) of numbers"),
        (CAMERA.T, "positive focal lengths"),
    ],
)
def test_bad_intrinsics(intrinsics: object, message: str) -> None:
    face, _ = seen_through(CAMERA, np.eye(3), (0, 0, 600))
    with pytest.raises(InputError, match=message):
        face.camera_matrix(intrinsics)


def test_bad_eye_distance() -> None:
    face, _ = seen_through(CAMERA, np.eye(3), (0, 0, 600))
    for wrong in (0.0, -3.0, math.nan):
        with pytest.raises(InputError, match="positive eye distance"):
            face.camera_matrix(CAMERA, eye_distance_mm=wrong)


def test_a_camera_inside_the_head() -> None:
    placed = WeakPerspectiveFace(
        landmarks=np.zeros((68, 3)),
        frontal_landmarks=np.zeros((68, 3)),
        origin=np.zeros(3),
        scale=1.0,
        mm_per_unit=1.0,
    )
    with pytest.raises(InputError, match="inside the head: expected well over 30 px"):
        camera_points(placed, np.array([[0.0, 0, 30]]), np.diag([10.0, 10.0, 1.0]))
