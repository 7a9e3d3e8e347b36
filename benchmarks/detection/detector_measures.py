"""What is measured of a detector, and how it is summed up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk import Detection

from .held_out_scenes import Image, Picture
from .match_detections import Match, average_precision, match

Array = NDArray[np.float64]
Detect = Callable[[Image], Sequence[Detection]]

SIZE_BINS_PX = ((0, 16), (16, 24), (24, 48), (48, 96), (96, 10_000))
YAW_BINS_DEG = ((0, 30), (30, 60), (60, 91))


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of the faces that were found.

    Attributes:
        name: Which faces.
        found: Of these.
        n_faces: How many there are.
    """

    name: str
    found: int
    n_faces: int

    @property
    def share(self) -> float:
        """0..1; NaN without faces."""
        return self.found / self.n_faces if self.n_faces else float("nan")


@dataclass(frozen=True, slots=True)
class SetResult:
    """One detector on one set of pictures.

    Attributes:
        pictures: Their number.
        average_precision: At IoU 0.4, over all scores.
        recalls: At the detector's default threshold: all faces, per size bin, per bin of |yaw|.
        false_positives: Per picture, at the default threshold.
    """

    pictures: int
    average_precision: float
    recalls: tuple[Recall, ...]
    false_positives: float


def measure(detect_all: Detect, min_score: float, pictures: Iterable[Picture]) -> SetResult:
    """Run a detector on pictures with known faces.

    Args:
        detect_all: The detector with a threshold near zero, for the precision-recall curve.
        min_score: Its default threshold, for recall and false positives.
        pictures: With their faces.
    """
    matches: list[Match] = []
    found: list[NDArray[np.bool_]] = []
    sizes: list[Array] = []
    yaws: list[Array] = []
    for picture in pictures:
        result = match(detect_all(picture.image), picture.faces, picture.ignored)
        matches.append(result)
        found.append(result.found_at(min_score))
        sizes.append((picture.faces[:, 2:] - picture.faces[:, :2]).max(axis=1))
        yaws.append(np.abs(picture.yaw_deg))
    wrong = sum(int(((m.face < 0) & (m.scores >= min_score)).sum()) for m in matches)
    return SetResult(
        pictures=len(matches),
        average_precision=average_precision(matches),
        recalls=_recalls(np.concatenate(found), np.concatenate(sizes), np.concatenate(yaws)),
        false_positives=wrong / max(1, len(matches)),
    )


def _recalls(found: NDArray[np.bool_], size: Array, yaw: Array) -> tuple[Recall, ...]:
    groups = [("all", np.ones(len(found), np.bool_))]
    groups += [(f"{low}-{high} px", (size >= low) & (size < high)) for low, high in SIZE_BINS_PX]
    groups += [(f"yaw {low}-{high}", (yaw >= low) & (yaw < high)) for low, high in YAW_BINS_DEG]
    return tuple(
        Recall(name, int(found[chosen].sum()), int(chosen.sum())) for name, chosen in groups
    )


def false_positives(detect: Detect, images: Iterable[Image]) -> float:
    """Detections per picture without faces, at the detector's default threshold."""
    counts = [len(detect(image)) for image in images]
    return float(np.mean(counts))
