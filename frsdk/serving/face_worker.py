"""What a worker of the service does: pictures of several requests by one call, JSON out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any  # options of a reconstructor by name

import cv2

from ..errors import FrsdkError, ImageFileError, TooManyPixelsError, UnknownFormatError
from ..imaging.read_image import read_image
from ..records.photo_record import faces_document, photo_record
from ..scale.picture_chunks import Outcome, picture_outcomes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets.

    Attributes:
        status: Of HTTP.
        body: JSON.
        faces: How many are in it.
        batch: Pictures that shared the call.
    """

    status: int
    body: bytes
    faces: int = 0
    batch: int = 1


def refusal(status: int, reason: str) -> Answer:
    """An answer with the one-line reason."""
    return Answer(status, json.dumps({"error": " ".join(reason.split())}).encode())


class FaceWorker:
    """Holds one reconstructor; thread-safe, one call at a time."""

    def __init__(self, options: Mapping[str, Any], max_pixels: int) -> None:
        """Open and warm the reconstructor.

        Args:
            options: Of :class:`~frsdk.FaceReconstructor`.
            max_pixels: Pictures with more pixels are refused.
        """
        from ..reconstructor import FaceReconstructor

        cv2.setNumThreads(1)  # the cores belong to the other workers
        self._reconstruct = FaceReconstructor(**options)
        self._reconstruct.warm_up()
        self._max_pixels = max_pixels
        self._lock = threading.Lock()

    def answers(self, pictures: Sequence[tuple[bytes, str]]) -> list[Answer]:
        """Reconstruct pictures.

        Args:
            pictures: The content of each, and the name that its record gets as `file`.

        Returns:
            One answer each, in their order.
        """
        readers = [
            partial(read_image, content, max_pixels=self._max_pixels) for content, _ in pictures
        ]
        with self._lock:
            found = picture_outcomes(self._reconstruct, readers)
        return [
            self._answer(outcome, name, len(pictures))
            for outcome, (_, name) in zip(found, pictures, strict=True)
        ]

    def _answer(self, outcome: Outcome, name: str, batch: int) -> Answer:
        if outcome.error is not None:
            return refusal(status_of(outcome.error), str(outcome.error))
        record = {"file": name, **photo_record(outcome.size_wh, outcome.faces)}
        body = json.dumps(faces_document([record]), allow_nan=False).encode()
        return Answer(200, body, len(outcome.faces), batch)


def status_of(error: FrsdkError) -> int:
    """The status of HTTP that says what an error says."""
    if isinstance(error, TooManyPixelsError):
        return 413
    if isinstance(error, UnknownFormatError):
        return 415
    return 422 if isinstance(error, ImageFileError) else 500
