"""The hint about faces below the size that was looked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from frsdk import BuiltinDetector
from frsdk.commands.small_faces_hint import SmallFacesHint
from frsdk.detectors.turned_copies import TurnedCopiesDetector


class Finding:
    """A reconstructor that finds faces of these sizes."""

    def __init__(self, detector: Any, *sides: float) -> None:
        self.detector = detector
        self._faces = [SimpleNamespace(box=np.array([0, 0, side / 2, side])) for side in sides]

    def __call__(self, image: np.ndarray) -> Any:
        return self._faces


LARGE, SMALL = np.zeros((3000, 4000, 3), np.uint8), np.zeros((600, 800, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "sides", "said"),
    [
        (LARGE, (80.0, 400.0), True),  # 67 px is the limit: a face of 80 px is near it
        (LARGE, (400.0, 300.0), False),  # a portrait
        (LARGE, (), True),
        (SMALL, (25.0,), False),  # faces from 24 px are looked for anyway
        (SMALL, (), False),
    ],
)
def test_said_where_faces_are_near_the_limit(
    image: np.ndarray, sides: tuple[float, ...], said: bool
) -> None:
    detector = BuiltinDetector()
    for each in (detector, TurnedCopiesDetector(detector)):
        hint = SmallFacesHint(Finding(each, *sides))  # type: ignore[arg-type]
        assert hint.line is None
        assert len(hint(image)) == len(sides)
        line = "faces below 67 px were not looked for in 1 photo: --min-face 24 finds them, slower"
        assert hint.line == (line if said else None)


def test_nothing_is_known_of_other_detectors() -> None:
    hint = SmallFacesHint(Finding(lambda image: [], 70.0))  # type: ignore[arg-type]
    hint(LARGE)
    assert hint.line is None
