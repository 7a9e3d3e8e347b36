"""Labels by a face mesh: geometry of crops and mirrors, what is dropped, which models are taken."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk.errors import InputError, MissingDependencyError
from frsdk.export.datasets.face_labels import MIRROR_68
from frsdk.export.datasets.labelling_defaults import LabelSettings
from frsdk.export.labelling import mediapipe_teacher
from frsdk.export.labelling.mediapipe_teacher import (
    Drops,
    MediapipeTeacher,
    label_photos_by_mesh,
    yaw_of_landmarks,
)
from frsdk.export.labelling.mesh_landmarks import N_MESH, landmarks_from_mesh
from frsdk.export.labelling.short_range_detector import FoundFace, ShortRangeDetector
from frsdk.export.labelling.tflite_models import DETECTOR, MESH, TfliteModel, read_model
from frsdk.export.train_cli import main
from frsdk.expressions.blendshape_table import builtin_blendshapes
from frsdk.morphable.head_pose import rotation_from_angles


def flat_face() -> np.ndarray:
    """(68, 3) the average face, y down, eyes 60 apart about the origin."""
    shape = builtin_blendshapes().neutral * (1.0, -1.0, 1.0)
    eyes = [shape[36:42].mean(axis=0), shape[42:48].mean(axis=0)]
    return np.asarray((shape - (eyes[0] + eyes[1]) / 2.0) * (60.0 / (eyes[1] - eyes[0])[0]))


MARKS = np.array([[-30.0, 0.0], [30.0, 0.0], [0.0, 75.0]])


def picture(
    angle_deg: float, scale: float, centre: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Three white dots where eyes and mouth are, and the (68, 3) landmarks of that face."""
    angle = np.radians(angle_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    image = np.zeros((400, 480, 3), np.uint8)
    for x, y in MARKS @ turn.T + centre:
        cv2.circle(
            image, (round(x * 16), round(y * 16)), 6 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4
        )
    points = flat_face() * scale
    points[:, :2] = points[:, :2] @ (turn / scale).T + centre
    return image, points


class DotMesh:
    """A mesh model that sees the dots: the similarity of the three places the average face."""

    size = 192
    presence = 5.0

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        count, _, stats, centres = cv2.connectedComponentsWithStats(
            (image[:, :, 0] > 0.5).astype(np.uint8)
        )
        dots = centres[1:][stats[1:, 4] > 5] if count > 3 else np.zeros((0, 2))
        if len(dots) != 3:
            return [np.zeros((1, 1, 1, 3 * N_MESH), np.float32), np.full((1, 1), -9.0, np.float32)]
        left, right = sorted(
            (dots[k] for k in range(3) if k != int(dots[:, 1].argmax())), key=lambda dot: dot[0]
        )
        across = (right - left) / 60.0
        turn = np.array([[across[0], -across[1]], [across[1], across[0]]])
        points = flat_face()
        xy = points[:, :2] @ turn.T + (left + right) / 2.0
        z = -points[:, 2] * np.linalg.norm(across)
        mesh = np.tile(np.append(xy.mean(axis=0), 0.0), (N_MESH, 1))
        for k, indices in enumerate(mediapipe_table()):
            mesh[list(indices)] = [*xy[k], z[k]]
        return [
            mesh.reshape(1, 1, 1, -1).astype(np.float32),
            np.full((1, 1), self.presence, np.float32),
        ]


def mediapipe_table() -> tuple[tuple[int, ...], ...]:
    from frsdk.export.labelling.mesh_landmarks import _TABLE

    return _TABLE


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> MediapipeTeacher:
    monkeypatch.setattr(mediapipe_teacher, "read_model", lambda wheel, name: name)
    monkeypatch.setattr(mediapipe_teacher, "TfliteModel", lambda name: DotMesh())
    return MediapipeTeacher(Path("wheel"), np.zeros((68, 3)))


def test_the_table_has_each_landmark_once() -> None:
    table = mediapipe_table()
    used = [index for entry in table for index in entry]
    assert len(table) == 68 and max(used) < N_MESH
    assert len(set(used)) == len(used) - 2  # 58 and 288 lie between two jaw points each
    mesh = np.zeros((2, N_MESH, 3))
    mesh[:, 132], mesh[:, 58] = 2.0, 4.0
    assert landmarks_from_mesh(mesh).shape == (2, 68, 3)
    assert (landmarks_from_mesh(mesh)[:, 3] == 3.0).all()


@pytest.mark.parametrize(("angle", "scale"), [(0.0, 1.0), (20.0, 0.8), (-25.0, 1.3)])
def test_the_median_of_crops_and_mirrors_is_the_face(teacher, angle: float, scale: float) -> None:
    image, points = picture(angle, scale, (240.0, 170.0))
    found = FoundFace((250.0, 190.0), 150.0 * scale, 0.6 * angle, 0.9)
    settings = LabelSettings(crops=3)
    label = teacher.label(image, found, settings, np.random.default_rng(0))
    assert label is not None
    own = np.setdiff1d(np.arange(68), [3, 4, 12, 13])  # the others share a mesh point
    np.testing.assert_allclose(label.landmarks[own, :2], points[own, :2], atol=0.6)
    depth = points[:, 2] - points[:, 2].mean()
    np.testing.assert_allclose(label.landmarks[own, 2], depth[own], atol=0.8)
    assert label.spread < 0.004 and abs(label.yaw_deg) < 1.0


@pytest.mark.parametrize("yaw", [-40.0, 0.0, 25.0])
def test_yaw_of_landmarks(yaw: float) -> None:
    turned = builtin_blendshapes().neutral @ rotation_from_angles(yaw, 0.0, 0.0).T
    assert yaw_of_landmarks(turned * (2.0, -2.0, 2.0) + 9.0) == pytest.approx(yaw, abs=0.1)


def test_mirrored_landmarks_turn_the_other_way() -> None:
    turned = builtin_blendshapes().neutral @ rotation_from_angles(30.0, 5.0, 0.0).T
    mirrored = turned[MIRROR_68] * (-1.0, 1.0, 1.0)
    down = np.array([1.0, -1.0, 1.0])
    assert yaw_of_landmarks(mirrored * down) == pytest.approx(
        -yaw_of_landmarks(turned * down), abs=0.2
    )


def test_a_folder_is_labelled_and_what_is_left_out_is_counted(
    teacher, tmp_path, monkeypatch
) -> None:
    image, points = picture(5.0, 1.0, (240.0, 170.0))
    cv2.imwrite(str(tmp_path / "a.png"), image)
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((300, 300, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "c.png"), np.zeros((300, 301, 3), np.uint8))
    margin = 240  # half of the longer side

    def find(picture_bgr: np.ndarray) -> list[FoundFace]:
        if picture_bgr.shape[0] == picture_bgr.shape[1]:
            return []
        return [FoundFace((240.0 + margin, 180.0 + margin), 160.0, 0.0, 0.9)]

    monkeypatch.setattr(teacher, "find", find)
    drops = Drops()
    faces = list(label_photos_by_mesh(tmp_path, teacher, LabelSettings(crops=2), drops=drops))
    assert [face.key for face in faces] == ["a_0"] and faces[0].source == tmp_path.name
    assert (drops.pictures, drops.labelled, drops.no_face, drops.lost) == (3, 1, 1, 1)
    assert "3 pictures, 1 faces labelled" in str(drops)
    assert faces[0].crop.shape == (160, 160, 3)
    box = np.ptp(points[:, :2], axis=0).max()
    assert np.ptp(faces[0].landmarks[:, :2], axis=0).max() == pytest.approx(
        120.0 / np.sqrt(2.0), rel=0.02
    )
    assert box > 100.0


class OneAnchor:
    """A detector that fires at one cell of the coarse grid."""

    size = 128

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        assert image.shape == (128, 128, 3) and -1.0 <= image.min() <= image.max() <= 1.0
        boxes = np.zeros((1, 896, 16), np.float32)
        logits = np.full((1, 896, 1), -20.0, np.float32)
        at = 512 + 6 * (3 * 8 + 5)  # row 3, column 5 of 8, its first anchor
        boxes[0, at, :4] = 4.0, 0.0, 32.0, 40.0
        boxes[0, at, 4:8] = -8.0, -4.0, 8.0, 4.0
        logits[0, at] = 2.0
        logits[0, at + 1] = 1.0
        boxes[0, at + 1] = boxes[0, at]
        return [boxes, logits]


def test_boxes_come_back_in_the_picture() -> None:
    found = ShortRangeDetector(OneAnchor())(np.zeros((128, 256, 3), np.uint8))  # type: ignore[arg-type]
    assert len(found) == 1  # the second is the same face
    face = found[0]
    # Anchor (88, 56) of 128, the box 4 to its right; the picture is halved and 32 lower.
    assert face.centre_xy == pytest.approx((184.0, 48.0), abs=1e-3)
    assert face.side == pytest.approx(80.0, abs=1e-3)
    assert face.roll_deg == pytest.approx(np.degrees(np.arctan2(8.0, 16.0)), abs=1e-3)
    assert face.score == pytest.approx(1.0 / (1.0 + np.exp(-2.0)))


@pytest.mark.parametrize("case", ["missing", "wheel", "folder", "other"])
def test_models_that_are_missing_or_others_are_named(case: str, tmp_path: Path) -> None:
    path = tmp_path / "mediapipe.whl"
    if case == "wheel":
        path.write_bytes(b"PK nothing")
    elif case == "folder":
        path.mkdir()
    elif case == "other":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"mediapipe/modules/face_landmark/{MESH}", b"TFL3")
    with pytest.raises(InputError, match=r"pip download --no-deps mediapipe==0\.10\.14"):
        read_model(path, MESH if case == "other" else DETECTOR)


def test_litert_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingDependencyError, match="LiteRT"):
        TfliteModel(b"")


def test_the_options_belong_together(tmp_path: Path) -> None:
    call = ["label", str(tmp_path), "-o", str(tmp_path / "out"), "--teacher", "mediapipe"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 2 and "belong together" in done.output
    call += ["--mediapipe", str(tmp_path / "none.whl")]
    done = CliRunner().invoke(main, [*call, "--least-turn", "20"])
    assert done.exit_code == 2 and "--least-turn is for --teacher network" in done.output
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 1 and "none.whl: face_detection_short_range.tflite" in done.output
