"""frsdk's own detector: decoding, tiles, suppression, and the network in the wheel."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from frsdk import BuiltinDetector, Detection, FaceReconstructor, YuNetDetector
from frsdk.backends.backend import Backend
from frsdk.detectors import detector_from_option
from frsdk.detectors.detector_outputs import CellDecoder, roll_of_points
from frsdk.errors import BackendError, InputError, SpecError
from frsdk.installation.asset_files import FACE_DETECTOR, asset_path
from frsdk.specs.detector_spec import DetectorSpec
from frsdk.specs.model_spec import ArchitectureSpec

SPEC = DetectorSpec(
    architecture=ArchitectureSpec("white-squares"), min_score=0.5, max_iou=0.4, box_rule=(1, 0, 0)
)
ASSET = asset_path(FACE_DETECTOR)
UPRIGHT = np.array([[-0.2, -0.2], [0.2, -0.2], [0.0, 0.0], [-0.15, 0.25], [0.15, 0.25]])


class WhiteSquares(Backend):
    """Takes every white square for a face: one cell each, and a worse one beside it."""

    name = "white squares"

    def __init__(self) -> None:
        super().__init__(SPEC, source="test", providers=("CPU",))
        self.batches: list[int] = []

    def _infer(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.batches.append(len(batch))
        out = np.full((len(batch), 15, 2100), -9.0, np.float32)
        for each, crop in zip(out, batch, strict=True):
            white = (crop[1] > 0.5).astype(np.uint8)
            _, _, stats, _ = cv2.connectedComponentsWithStats(white)
            for x, y, w, h, _ in stats[1:]:
                centre = np.array([x + w / 2, y + h / 2])
                column, row = np.clip((centre / 8).astype(int), 0, 38)
                for score, shift in ((3.0, 0), (1.0, 1)):
                    cell = row * 40 + column + shift
                    middle = (np.array([column + shift, row]) + 0.5) * 8
                    each[0, cell] = score
                    each[1:3, cell] = (centre - middle) / 8
                    each[3:5, cell] = np.log(np.array([w, h]) / 8)
                    points = (UPRIGHT * (w, h) + centre - middle) / 8
                    each[5:, cell] = points.reshape(-1)
        return out

    def _release(self) -> None:
        pass


def squares(shape: tuple[int, int], boxes: list[tuple[int, int, int]]) -> NDArray[np.uint8]:
    image = np.zeros((*shape, 3), np.uint8)
    for x, y, side in boxes:
        image[y : y + side, x : x + side] = 255
    return image


def iou(a: Any, b: Any) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return float(both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both))


def test_small_and_large_faces_of_a_large_image() -> None:
    truth = [(100, 80, 30), (900, 100, 90), (300, 250, 400), (1100, 600, 45), (420, 120, 60)]
    found = BuiltinDetector(WhiteSquares())(squares((720, 1280), truth))
    assert len(found) == len(truth)
    for x, y, side in truth:
        best = max(found, key=lambda each: iou(each.box_xyxy, (x, y, x + side, y + side)))
        assert iou(best.box_xyxy, (x, y, x + side, y + side)) > 0.75
        assert abs(best.roll_deg) < 1.0
        # pixel centres at integers: the nose of a square of side s from x lies at x + s / 2 - 0.5
        assert best.points_xy[2] == pytest.approx((x + side / 2 - 0.5, y + side / 2 - 0.5), abs=4)


def test_a_batch_gives_what_single_images_give() -> None:
    images = [
        squares((200, 300), [(20, 30, 60)]),
        squares((900, 700), [(100, 600, 80), (400, 100, 200)]),
        squares((50, 40), []),
    ]
    backend = WhiteSquares()
    together = BuiltinDetector(backend).detect_batch(images)
    assert together == [BuiltinDetector(WhiteSquares())(image) for image in images]
    assert [len(each) for each in together] == [1, 2, 0]
    assert max(backend.batches) > 1
    assert BuiltinDetector(backend).detect_batch([]) == []


def test_thresholds_and_smallest_faces() -> None:
    image = squares((1000, 1000), [(500, 500, 12)])
    assert BuiltinDetector(WhiteSquares(), min_score=0.99)(image) == []
    (face,) = BuiltinDetector(WhiteSquares(), min_face_px=12)(image)
    assert iou(face.box_xyxy, (500, 500, 512, 512)) > 0.6
    few, many = WhiteSquares(), WhiteSquares()
    BuiltinDetector(few, min_face_px=200)(image)
    BuiltinDetector(many, min_face_px=12)(image)
    assert sum(few.batches) == 1 < sum(many.batches)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (700, 5)])
def test_images_of_extreme_shape(shape: tuple[int, int]) -> None:
    assert BuiltinDetector(WhiteSquares())(np.zeros((*shape, 3), np.uint8)) == []


def test_bad_input_is_one_line() -> None:
    detect = BuiltinDetector(WhiteSquares())
    with pytest.raises(InputError, match="GRAY2BGR"):
        detect(np.zeros((50, 50), np.uint8))
    with pytest.raises(InputError, match="got list"):
        detect([[0]])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"min_score in 0\.\.1"):
        BuiltinDetector(WhiteSquares(), min_score=-0.1)
    with pytest.raises(InputError, match="min_face_px >= 1"):
        BuiltinDetector(WhiteSquares(), min_face_px=0)
    with pytest.raises(BackendError, match="no such file"):
        BuiltinDetector("absent.onnx")


def test_a_network_of_another_kind_is_refused(tiny_onnx: Path) -> None:
    with pytest.raises(SpecError, match="holds no face detector: pass it as engine="):
        BuiltinDetector(tiny_onnx)
    with pytest.raises(SpecError, match="pass it as engine="):
        detector_from_option(tiny_onnx, min_score=None)


@pytest.mark.parametrize("roll", [-170, -45, 0, 20, 90])
def test_roll_is_clockwise(roll: float) -> None:
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert roll_of_points((UPRIGHT @ turn.T)[None])[0] == pytest.approx(roll)
    profile = (UPRIGHT * (0.0, 1.0)) @ turn.T  # eyes and mouth corners behind each other
    assert roll_of_points(profile[None])[0] == pytest.approx(roll)


def test_only_likely_cells_are_decoded() -> None:
    output = np.zeros((15, 2100), np.float32)
    output[0] = -5.0
    output[0, 2099] = 2.0
    found = CellDecoder(SPEC)(output, 0.5)
    assert found.scores == pytest.approx([1 / (1 + np.exp(-2.0))])
    assert found.boxes[0] == pytest.approx([288, 288, 320, 320])  # the last cell of stride 32
    assert len(CellDecoder(SPEC)(output, 0.0).scores) == 2100
    assert len(CellDecoder(SPEC)(output, 1.0).scores) == 0


def test_two_hundred_faces_cost_what_they_should() -> None:
    def image(count: int) -> NDArray[np.uint8]:
        places = [(x, y, 30) for y in range(10, 1400, 70) for x in range(10, 1400, 70)][:count]
        return squares((1400, 1400), places)

    detect = BuiltinDetector(WhiteSquares())
    times = {}
    for count in (50, 200):
        picture = image(count)
        assert len(detect(picture)) == count
        begin = time.process_time()
        for _ in range(3):
            detect(picture)
        times[count] = time.process_time() - begin
    assert times[200] < 8 * times[50]


# What follows needs the network in the wheel.


@pytest.fixture(scope="module")
def builtin() -> BuiltinDetector:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime (frsdk[cpu])")
    return BuiltinDetector()


def test_the_built_in_file_is_small_and_says_what_it_is(builtin: BuiltinDetector) -> None:
    assert ASSET.stat().st_size <= 700e3
    assert builtin.box_rule.scale > 0.5
    assert "research use only" in builtin._spec.licence


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 2000, 3), (240, 320, 3)])
def test_nothing_in_plain_images(builtin: BuiltinDetector, shape: tuple[int, ...]) -> None:
    for level in (0, 128, 255):
        assert builtin(np.full(shape, level, np.uint8)) == []


def astronaut() -> NDArray[np.uint8]:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


def test_the_astronaut_from_several_threads(builtin: BuiltinDetector) -> None:
    image = astronaut()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(builtin, [image] * 4))
    assert all(result == results[0] for result in results)
    (face,) = results[0]
    assert iou(face.box_xyxy, (172, 60, 273, 190)) > 0.5
    right_eye, left_eye, nose, *_ = face.points_xy
    assert right_eye[0] < nose[0] < left_eye[0] and nose[1] > right_eye[1]


@pytest.mark.parametrize("turn_deg", [-40, 30])
def test_a_turned_astronaut_has_that_roll(builtin: BuiltinDetector, turn_deg: float) -> None:
    image = astronaut()
    straight = builtin(image)[0].roll_deg
    matrix = cv2.getRotationMatrix2D((220, 130), -turn_deg, 1.0)  # OpenCV: counter-clockwise
    turned = np.asarray(cv2.warpAffine(image, matrix, (512, 512)), np.uint8)
    assert builtin(turned)[0].roll_deg - straight == pytest.approx(turn_deg, abs=8)


@pytest.mark.parametrize("longer_px", [100, 200, 512, 1500, 4000])
def test_the_astronaut_at_every_size(builtin: BuiltinDetector, longer_px: int) -> None:
    ratio = longer_px / 512
    way = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    image = cv2.resize(astronaut(), (longer_px, longer_px), interpolation=way)
    found = builtin(np.asarray(image, np.uint8))
    assert iou(found[0].box_xyxy, np.array([172, 60, 273, 190]) * ratio) > 0.4
    assert len(found) == 1


def photos(shared_data: Path) -> list[dict[str, Any]]:
    text = (shared_data / "photos" / "photos.json").read_text()
    entries: list[dict[str, Any]] = json.loads(text)["photos"]
    return entries


def missing_and_invented(found: list[Detection], photo: dict[str, Any]) -> tuple[int, int]:
    truth = [_to_the_forehead(face["box"]) for face in photo["faces"]]
    best = [max((iou(each.box_xyxy, box) for each in found), default=0.0) for box in truth]
    rest = [
        each
        for each in found
        if max(iou(each.box_xyxy, box) for box in truth) < 0.4
        and not any(_centre_inside(each, area) for area in photo["ignore"])
    ]
    return sum(value < 0.4 for value in best), len(rest)


def _to_the_forehead(box: list[float]) -> list[float]:
    """The list's boxes are those of 68 landmarks, which end at the brows."""
    x0, y0, x1, y1 = box
    return [x0, y0 - 0.35 * (y1 - y0), x1, y1]


def _centre_inside(face: Detection, area: list[float]) -> bool:
    x, y = (face.box_xyxy[0] + face.box_xyxy[2]) / 2, (face.box_xyxy[1] + face.box_xyxy[3]) / 2
    return area[0] <= x <= area[2] and area[1] <= y <= area[3]


def test_every_face_of_the_photographs_and_no_other(
    builtin: BuiltinDetector, shared_data: Path
) -> None:
    for photo in photos(shared_data):
        image = cv2.imread(str(shared_data / "photos" / photo["file"]))
        missing, wrong = missing_and_invented(builtin(np.asarray(image, np.uint8)), photo)
        assert (missing, wrong) == (0, 0), photo["file"]


def test_options(shared_data: Path) -> None:
    assert isinstance(detector_from_option(None, min_score=None), BuiltinDetector)
    named = detector_from_option("builtin", min_score=0.3)
    assert isinstance(named, BuiltinDetector) and named.min_score == 0.3
    assert isinstance(detector_from_option(ASSET, min_score=None), BuiltinDetector)
    yunet = shared_data / "detector" / "yunet_n_320.onnx"
    assert isinstance(detector_from_option(yunet, min_score=None), YuNetDetector)


def test_the_reconstruction_starts_from_it(builtin: BuiltinDetector) -> None:
    image = astronaut()
    with FaceReconstructor() as reconstruct, FaceReconstructor(detector=ASSET) as by_path:
        (face,), (same,) = reconstruct(image), by_path(image)
    (found,) = builtin(image)
    assert face.box.tolist() == pytest.approx(found.box_xyxy)
    assert face.roi.roll_deg == pytest.approx(found.roll_deg)
    assert face.landmarks == pytest.approx(same.landmarks)
    nose, size = np.array(found.points_xy[2]), face.box[3] - face.box[1]
    assert np.linalg.norm(face.landmarks[30, :2] - nose) < 0.12 * size


def test_a_detector_is_no_engine() -> None:
    with pytest.raises(SpecError, match="holds a face detector: pass it as detector="):
        FaceReconstructor(engine=ASSET)
