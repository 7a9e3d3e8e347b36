"""People whom no label names, found by MediaPipe's detector in crops and in whole pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.detectors import Detection

from ..labelling.short_range_detector import ShortRangeDetector
from ..labelling.tflite_models import DETECTOR, TfliteModel, read_model

Image = NDArray[np.uint8]

_PARTS = (1.0, 0.6, 0.36)  # of a picture's sides: the detector sees faces of a tenth of its view
_STEP = 0.6  # of a window, from one to the next


class MediapipePeople:
    """MediaPipe's short-range detector as a teacher of what is a face and what is not.

    Args:
        wheel: The wheel mediapipe 0.10.14, or a folder with its .tflite files.
        min_score: 0..1.

    Raises:
        InputError: The model is missing, damaged or of another version.
        MissingDependencyError: LiteRT is not installed.
    """

    def __init__(self, wheel: Path, *, min_score: float) -> None:
        self._find = ShortRangeDetector(TfliteModel(read_model(wheel, DETECTOR)))
        self._min_score = min_score

    def __call__(self, image_bgr: Image) -> list[Detection]:
        """Faces of a (H, W, 3) uint8 picture that take a tenth of it or more."""
        faces = []
        for found in self._find(image_bgr, least_score=self._min_score):
            (x, y), half = found.centre_xy, found.side / 2
            box = (x - half, y - half, x + half, y + half)
            faces.append(Detection(box, found.score, found.roll_deg))
        return faces

    def sees_any(self, image_bgr: Image) -> bool:
        """Whether it sees a face in the picture or in one of its overlapping parts."""
        return any(self(view) for view in _views(image_bgr))


def _views(image: Image) -> Iterator[Image]:
    """The picture, then smaller and smaller windows that overlap."""
    height, width = image.shape[:2]
    for part in _PARTS:
        size = (max(1, round(height * part)), max(1, round(width * part)))
        rows, columns = (
            _starts(whole, each) for whole, each in zip((height, width), size, strict=True)
        )
        for y in rows:
            for x in columns:
                yield np.ascontiguousarray(image[y : y + size[0], x : x + size[1]])


def _starts(whole: int, window: int) -> list[int]:
    """First pixels of windows that cover a side."""
    count = 1 + int(np.ceil((whole - window) / (window * _STEP)))
    return [round(start) for start in np.linspace(0, whole - window, count)]
