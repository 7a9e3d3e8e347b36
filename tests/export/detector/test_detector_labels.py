"""The box and five points that the detector is taught."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.export.detector.detector_labels import face_boxes, five_points, mirrored_landmarks

from ..mean_landmarks import mean_landmarks

FACE = mean_landmarks()[None, :, :2] * (1.0, -1.0)  # y down


def test_the_box_reaches_from_hairline_to_chin() -> None:
    (box,) = face_boxes(FACE)
    landmarks = FACE[0]
    assert box[0] == landmarks[:, 0].min() and box[2] == landmarks[:, 0].max()
    assert box[3] == landmarks[:, 1].max()
    brows, chin = landmarks[17:27, 1].mean(), landmarks[6:11, 1].mean()
    assert box[1] == pytest.approx(landmarks[17:27, 1].min() - (chin - brows) / 3)


def test_the_box_turns_with_the_face() -> None:
    turned = FACE @ np.array([[0.0, 1.0], [-1.0, 0.0]])  # (x, y) -> (-y, x): clockwise, y down
    (upright,), (lying,) = face_boxes(FACE), face_boxes(turned)
    assert lying == pytest.approx([-upright[3], upright[0], -upright[1], upright[2]])


def test_points_are_named_from_the_person_s_side() -> None:
    right_eye, left_eye, nose, right_mouth, left_mouth = five_points(FACE)[0]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]
    assert right_eye == pytest.approx(FACE[0, 36:42].mean(axis=0))


def test_mirroring_twice_changes_nothing() -> None:
    once = mirrored_landmarks(FACE[0], 160.0)
    assert once[36, 0] == pytest.approx(160.0 - FACE[0, 45, 0])  # the other eye's corner
    np.testing.assert_allclose(mirrored_landmarks(once, 160.0), FACE[0])
