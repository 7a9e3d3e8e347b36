"""Measures of a detector on pictures with known faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from frsdk import Detection, InputError
from frsdk.benchmarks.detection.detector_latency import interleaved
from frsdk.benchmarks.detection.detector_measures import false_positives, measure
from frsdk.benchmarks.detection.held_out_scenes import (
    Picture,
    faceless,
    landmark_boxes,
    photographs,
)
from frsdk.benchmarks.detection.photo_landmarks import annotated_photographs
from frsdk.benchmarks.eval_cli import main

FACES = np.array([[0.0, 0.0, 20.0, 20.0], [40.0, 0.0, 100.0, 60.0]])


def picture(yaw_deg: tuple[float, float]) -> Picture:
    image = np.zeros((120, 120, 3), np.uint8)
    unknown = np.full((2, 68, 2), np.nan)
    return Picture("p", image, FACES, np.zeros((0, 4)), np.array(yaw_deg), unknown)


def detect(image: np.ndarray) -> list[Detection]:
    """The large face, surely; the small one and a wrong one, doubtfully."""
    return [
        Detection((40, 0, 100, 60), 0.9),
        Detection((0, 0, 20, 20), 0.4),
        Detection((0, 80, 20, 110), 0.6),
    ]


def test_recall_per_size_and_yaw_at_the_threshold() -> None:
    result = measure(detect, 0.5, [picture((-70.0, 10.0)), picture((5.0, 45.0))])
    recalls = {each.name: (each.found, each.n_faces) for each in result.recalls}
    assert recalls["all"] == (2, 4)
    assert recalls["16-24 px"] == (0, 2) and recalls["48-96 px"] == (2, 2)
    assert recalls["yaw 0-30"] == (1, 2)
    assert recalls["yaw 30-60"] == (1, 1) and recalls["yaw 60-91"] == (0, 1)
    assert result.false_positives == 1.0
    # Ranked: 0.9 right, 0.6 wrong, 0.4 right, in both pictures.
    assert result.average_precision == pytest.approx(0.5 + 0.5 * 4 / 6)


def test_false_positives_per_picture() -> None:
    images = [np.zeros((8, 8, 3), np.uint8)] * 2
    assert false_positives(detect, images) == 3.0


def test_photographs_grow_to_the_forehead(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((80, 90, 3), np.uint8))
    entry = {"file": "a.png", "faces": [{"box": [10, 40, 49, 59]}], "ignore": [[0, 0, 5, 5]]}
    (tmp_path / "photos.json").write_text(json.dumps({"photos": [entry]}))
    (photo,) = photographs(tmp_path)
    assert photo.image.shape == (80, 90, 3)
    assert photo.faces[0] == pytest.approx([10.5, 40.5 - 0.35 * 19, 49.5, 59.5])
    assert photo.ignored.tolist() == [[0, 0, 5, 5]]
    np.testing.assert_allclose(landmark_boxes(photo.faces), [[10, 40, 49, 59]])


@pytest.mark.parametrize("text", ["", "{}", '{"photos": [{"file": "a.png"}]}', '{"photos": 3}'])
def test_a_damaged_list_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "photos.json").write_text(text)
    with pytest.raises(InputError, match=r"photos\.json: not a list of photographs"):
        photographs(tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture in it"):
        faceless(tmp_path)


def test_timing_is_interleaved() -> None:
    order: list[str] = []
    times = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 4)
    assert order == ["a", "b"] * 9  # five rounds of warm-up
    assert times["a"].least_ms <= times["a"].median_ms <= times["a"].p90_ms


def test_the_command_reports_both_detectors(shared_data: Path, tmp_path: Path) -> None:
    picture_path = tmp_path / "plain.png"
    cv2.imwrite(
        str(picture_path), np.random.default_rng(0).integers(0, 90, (400, 500, 3), np.uint8)
    )
    yunet = str(shared_data / "detector" / "yunet_n_320.onnx")
    arguments = ["detector", str(shared_data / "faces"), str(tmp_path), "--scenes", "3"]
    arguments += ["--portraits", "4", "--nme-scenes", "2", "--rounds", "2", "--json"]
    done = CliRunner().invoke(main, [*arguments, "--detector", "builtin", "--detector", yunet])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    ours, theirs = document["detectors"]
    assert (ours["name"], theirs["name"]) == ("builtin", yunet)
    for result in (ours, theirs):
        assert result["sets"]["plain scenes"]["average_precision"] > 0.3
        assert result["latency"]["median_ms"] > 0
        assert result["sets"]["portraits"]["pictures"] == 4
        assert result["sets"]["alone"]["pictures"] == 8
        assert result["landmarks"]["portraits"]["n_faces"] >= 1


def test_photographs_get_the_landmarks_of_their_crops(shared_data: Path) -> None:
    pictures = photographs(shared_data / "photos")
    found = list(annotated_photographs(pictures, shared_data / "faces"))
    assert sorted(Path(each.name).stem for each in found) == [
        "afw_24795717", "afw_4239974048", "afw_5106695994",
    ]  # fmt: skip
    for each in found:
        boxes = landmark_boxes(each.faces)
        np.testing.assert_allclose(each.landmarks.min(axis=1), boxes[:, :2], atol=0.2)
        np.testing.assert_allclose(each.landmarks.max(axis=1), boxes[:, 2:], atol=0.2)


def test_the_command_names_what_is_missing(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["detector", str(tmp_path), str(tmp_path), "--detector", str(tmp_path / "no.onnx")]
    )
    assert done.exit_code == 1 and "no such file" in done.output
    assert len(done.output.strip().splitlines()) == 1
