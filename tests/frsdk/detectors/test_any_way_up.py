"""Faces any way up: turned copies find them, and nothing else takes them for upright ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from frsdk import BuiltinDetector, Detection, FaceReconstructor, Roi, crop_face, read_image
from frsdk.detectors.detector_outputs import Found
from frsdk.detectors.point_agreement import landmarks_contradict
from frsdk.detectors.turned_copies import TurnedCopiesDetector
from frsdk.detectors.wrong_way_up import right_way_up
from frsdk.errors import InputError
from frsdk.morphable.head_pose import rotation_from_angles

TURN = {
    0: None,
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
FACE = np.array([[-10, -10], [10, -10], [0, 0], [-8, 12], [8, 12]], float)


def turned(image: np.ndarray, angle: int) -> np.ndarray:
    return image if TURN[angle] is None else cv2.rotate(image, TURN[angle])


def turned_point(x: float, y: float, angle: int, width: int, height: int) -> tuple[float, float]:
    """Where a pixel of a picture goes when it is turned clockwise."""
    return {
        0: (x, y),
        90: (height - 1 - y, x),
        180: (width - 1 - x, height - 1 - y),
        270: (y, width - 1 - x),
    }[angle]


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    skimage_data = pytest.importorskip("skimage.data", reason="needs frsdk[quickstart]")
    return np.ascontiguousarray(skimage_data.astronaut()[:300, 60:420, ::-1])


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_turned_photograph_gives_the_turned_face(portrait: np.ndarray, angle: int) -> None:
    height, width = portrait.shape[:2]
    with FaceReconstructor(orientations=(0, 90, 180, 270)) as reconstruct:
        (upright,) = FaceReconstructor()(portrait)
        (face,) = reconstruct(turned(portrait, angle))
    wanted = [turned_point(x, y, angle, width, height) for x, y in upright.landmarks[:, :2]]
    size = np.ptp(upright.landmarks[:, :2], axis=0).max()
    off = np.linalg.norm(face.landmarks[:, :2] - np.array(wanted), axis=1)
    assert off.mean() < 0.01 * size
    turn = rotation_from_angles(0.0, 0.0, angle)
    assert face.pose.rotation == pytest.approx(turn @ upright.pose.rotation, abs=0.01)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_without_orientations_a_turned_face_is_absent(portrait: np.ndarray, angle: int) -> None:
    with FaceReconstructor() as reconstruct:
        assert reconstruct(turned(portrait, angle)) == []


def test_what_scores_higher_when_it_is_turned_is_left_out() -> None:
    """Three doubtful faces and a sure one, by a look that answers for each quarter."""
    found = Found(
        boxes=np.tile([40.0, 40.0, 80.0, 80.0], (4, 1)),
        scores=np.array([0.6, 0.6, 0.6, 0.95]),
        points=np.tile(FACE + 60.0, (4, 1, 1)),
    )
    seen = [(0.8, 0.3, 0.7, 0.1), (0.8, 0.3, 0.9, 0.1), (0.4, 0.3, 0.2, 0.1)]
    views: list[np.ndarray] = []

    def look(squares: list[np.ndarray], min_score: float) -> list[Found]:
        views.extend(squares)
        corners = np.array([(0, 0), (160, 0), (0, 160), (160, 160)], float)
        boxes = np.concatenate([corners + 48, corners + 112], axis=1)  # 64 px in the middles
        empty = np.zeros((4, 5, 2))
        return [Found(boxes, np.array(scores), empty) for scores in seen]

    image = np.zeros((120, 120, 3), np.uint8)
    image[:60] = 255  # white above the middle of the face
    stays = right_way_up(image, found, 320, look)
    assert stays.tolist() == [True, False, False, True]
    assert len(views) == 3
    quarters = [views[0][y : y + 160, x : x + 160] for y in (0, 160) for x in (0, 160)]
    # Turned by a quarter clockwise each: what was above is on the left, below, on the right.
    sides = [quarters[0][:60], quarters[1][:, :60], quarters[2][-60:], quarters[3][:, -60:]]
    assert [int(np.median(side)) for side in sides] == [255] * 4


def test_overlapping_finds_of_several_copies_are_one() -> None:
    """A blob of 20 x 10 px; the score tells how long it is across: it lies in two of the copies."""

    def detect(image: np.ndarray) -> list[Detection]:
        y, x = np.nonzero(image[..., 0])
        box = (float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1))
        points = tuple((px + box[0] + 10, py + box[1] + 5) for px, py in FACE)
        return [Detection(box, (box[2] - box[0]) / 100, roll_deg=10.0, points_xy=points)]

    image = np.zeros((60, 90, 3), np.uint8)
    image[40:60, 5:15] = 255  # upright: it lies in the copies that are turned by a quarter
    assert [each.roll_deg for each in TurnedCopiesDetector(detect, (0,))(image)] == [10.0]
    (found,) = TurnedCopiesDetector(detect)(image)
    assert found.box_xyxy == (5, 40, 15, 60)
    assert found.score == 0.2
    assert found.roll_deg == 100.0
    # In the copy turned back the blob's left top is the picture's right top: x 15, y 40.
    ((x, y), *_) = found.points_xy
    assert (x, y) == pytest.approx((15 - 1 - (5 - 10), 40 + 10 - 10))


def test_boxes_of_turned_copies_are_where_they_were_drawn() -> None:
    rule = object()

    class Corner:
        box_rule = rule

        def __call__(self, image: np.ndarray) -> list[Detection]:
            return [Detection((1, 2, 5, 9), 0.5, points_xy=((1, 2),) * 5)]

    image = np.zeros((40, 70, 3), np.uint8)
    for angle in (90, 180, 270):
        detector = TurnedCopiesDetector(Corner(), (angle,))
        assert detector.box_rule is rule
        (found,) = detector(image)
        copy_height, copy_width = turned(image, angle).shape[:2]
        # The copy turned clockwise by the angle is the image again.
        x, y = turned_point(1, 2, angle, copy_width, copy_height)
        assert found.points_xy[0] == pytest.approx((x, y))
        x0, y0, x1, y1 = found.box_xyxy
        wanted = (7, 4) if angle != 180 else (4, 7)
        assert (x1 - x0, y1 - y0) == wanted
        assert x0 <= x + 0.5 <= x1 and y0 <= y + 0.5 <= y1


@pytest.mark.parametrize("orientations", [(), (45,), (0, 0), (0, 360)])
def test_orientations_are_right_angles(orientations: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected orientations"):
        FaceReconstructor(orientations=orientations)


def test_landmarks_against_five_points() -> None:
    landmarks = np.zeros((68, 3))
    landmarks[36:42, :2], landmarks[42:48, :2] = FACE[0], FACE[1]
    landmarks[30, :2], landmarks[48, :2], landmarks[54, :2] = FACE[2:]
    points = [tuple(point) for point in FACE]
    assert not landmarks_contradict(landmarks, points, 50.0)
    assert not landmarks_contradict(landmarks, [(x + 8, y) for x, y in points], 50.0)
    assert landmarks_contradict(landmarks, [(x + 13, y) for x, y in points], 50.0)
    assert landmarks_contradict(landmarks, [(-x, -y) for x, y in points], 50.0)  # on its head
    assert landmarks_contradict(landmarks * np.nan, points, 50.0)
    assert not landmarks_contradict(landmarks, (), 50.0)  # a detector without points


def test_a_detection_that_the_landmarks_contradict_is_refused(portrait: np.ndarray) -> None:
    (true,) = BuiltinDetector()(portrait)
    on_its_head = Detection(true.box_xyxy, 0.99, points_xy=true.points_xy[::-1])

    def detect(image: np.ndarray) -> list[Detection]:
        return [on_its_head, Detection(true.box_xyxy, 0.5, true.roll_deg, true.points_xy)]

    with FaceReconstructor(detector=detect, max_faces=1) as reconstruct:
        (face,) = reconstruct(portrait)
    assert face.score == 0.5  # the refused one gives its place to the next


def test_the_smallest_face_can_be_set_and_told() -> None:
    image = np.zeros((3000, 4000, 3), np.uint8)
    assert BuiltinDetector().smallest_face_px(image) == pytest.approx(4000 / 59.4, rel=0.01)
    assert BuiltinDetector(min_face_px=48).smallest_face_px(image) == pytest.approx(48, rel=0.01)
    assert BuiltinDetector().smallest_face_px(image[:900, :1200]) == pytest.approx(24, rel=0.01)
    with FaceReconstructor(min_face_px=40) as reconstruct:
        detector = reconstruct.detector
        assert isinstance(detector, BuiltinDetector)
        assert detector.smallest_face_px(image) == pytest.approx(40, rel=0.01)
    with pytest.raises(InputError, match="only frsdk's own detectors take min_face_px"):
        FaceReconstructor(detector=lambda image: [], min_face_px=40)


def test_a_group_photograph_of_small_faces(shared_data: Path) -> None:
    """48 faces of 55 px in 12 megapixels, put together from photographs of one or a few faces."""
    canvas = np.full((3000, 4000, 3), 120, np.uint8)
    faces = []
    detect = BuiltinDetector()
    for path in sorted((shared_data / "photos").glob("*.jpg")):
        image = read_image(path)
        for face in detect(image):
            x0, y0, x1, y1 = face.box_xyxy
            side = max(x1 - x0, y1 - y0)
            square = Roi((x0 + x1) / 2 - side, (y0 + y1) / 2 - side, 2 * side)
            faces.append(crop_face(image, square, 110))
    for k in range(48):
        x, y = 150 + 460 * (k % 8), 200 + 450 * (k // 8)
        canvas[y : y + 110, x : x + 110] = faces[k % len(faces)]
    found = BuiltinDetector(min_face_px=48)(canvas)
    centres = np.array([np.array(each.box_xyxy).reshape(2, 2).mean(axis=0) for each in found])
    wanted = [(205 + 460 * (k % 8), 255 + 450 * (k // 8)) for k in range(48)]
    near = [np.hypot(*(centres - point).T).min() < 15 for point in wanted]
    assert sum(near) == 48
    assert len(found) <= 52  # the squares show parts of the neighbours too
