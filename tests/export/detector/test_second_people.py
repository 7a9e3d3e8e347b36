"""MediaPipe's detector as a teacher: boxes, and windows that cover a whole picture."""

from __future__ import annotations

import numpy as np
import pytest

from frsdk.export.detector import second_people
from frsdk.export.detector.second_people import MediapipePeople
from frsdk.export.labelling.short_range_detector import FoundFace


class WhiteSpot:
    """Finds a white spot that takes a tenth of the view or more."""

    def __call__(self, image: np.ndarray, *, least_score: float) -> list[FoundFace]:
        rows, columns = np.nonzero(image.min(axis=2) > 200)
        if not len(rows) or np.ptp(columns) + 1 < 0.1 * image.shape[1]:
            return []
        centre = (float(columns.mean()) + 0.5, float(rows.mean()) + 0.5)
        return [FoundFace(centre, float(np.ptp(columns) + 1), 5.0, max(0.8, least_score))]


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, tmp_path) -> MediapipePeople:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(second_people, "read_model", lambda wheel, name: b"")
    monkeypatch.setattr(second_people, "TfliteModel", lambda content: None)
    monkeypatch.setattr(second_people, "ShortRangeDetector", lambda model: WhiteSpot())
    return MediapipePeople(tmp_path, min_score=0.5)


def test_boxes_lie_about_what_was_found(people: MediapipePeople) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 120:150] = 255
    (face,) = people(image)
    assert face.box_xyxy == (120.0, 35.0, 150.0, 65.0) and face.score == 0.8


@pytest.mark.parametrize("corner", [(3, 4), (180, 5), (5, 380), (188, 384), (96, 200)])
def test_a_small_face_anywhere_is_seen(people: MediapipePeople, corner: tuple[int, int]) -> None:
    image = np.zeros((200, 400, 3), np.uint8)
    assert not people.sees_any(image)
    y, x = corner
    image[y : y + 8, x : x + 16] = 255  # a 25th of the picture's longer side
    assert not people(image)
    assert people.sees_any(image)
