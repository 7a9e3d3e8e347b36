"""Measure detectors side by side on the same pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frsdk import Detector, FaceReconstructor, YuNetDetector
from frsdk.detectors import BuiltinDetector, detector_from_option

from .altered_photographs import altered
from .detector_latency import Latency, interleaved
from .detector_measures import SetResult, false_positives, measure
from .held_out_scenes import (
    KINDS,
    SCENE_PX,
    Image,
    Picture,
    alone,
    faceless,
    photographs,
    portraits,
    scenes,
)
from .landmark_cost import LandmarkCost, landmark_cost
from .photo_landmarks import annotated_photographs

_LEAST_SCORE = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure on.

    Attributes:
        faces: Folder with ``val.npz`` and its shards.
        backgrounds: Folder of photographs without faces.
        photos: Folder with ``photos.json``, or None.
        scenes: Number of composed scenes of each kind with several faces.
        rounds: Of the timing.
        nme_scenes: Scenes on which landmarks are compared.
        portraits: Most faces shown by themselves, None for every held-out one.
        altered: Also show the photographs with masks and glasses, and rolled.
    """

    faces: Path
    backgrounds: Path
    photos: Path | None
    scenes: int
    rounds: int
    nme_scenes: int
    portraits: int | None = None
    altered: bool = False


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """Everything about one detector.

    Attributes:
        name: As asked for.
        min_score: Its default threshold.
        sets: Results by set of pictures.
        altered: Photographs with masks or glasses, or rolled, at its own threshold alone.
        faceless_false_positives: Per picture without faces.
        landmarks: What its boxes cost, by set of pictures.
        latency: Of a 320 x 320 image.
    """

    name: str
    min_score: float
    sets: dict[str, SetResult]
    altered: dict[str, SetResult]
    faceless_false_positives: float
    landmarks: dict[str, LandmarkCost]
    latency: Latency


def evaluate_detectors(
    options: list[str], plan: Plan, progress: Callable[[str], None]
) -> list[DetectorResult]:
    """Measure each detector on the same pictures, and time all of them together.

    Args:
        options: "builtin" or paths of `.onnx` files.
        plan: What to measure on.
        progress: Told what comes next.

    Raises:
        FrsdkError: A file is missing or damaged, or no detector.
    """
    detectors = {name: detector_from_option(name, min_score=None) for name in options}
    progress("latency")
    image = np.random.default_rng(0).integers(0, 256, (SCENE_PX, SCENE_PX, 3), np.uint8)
    calls = {name: _call(detect, image) for name, detect in detectors.items()}
    latency = interleaved(calls, plan.rounds)
    results = []
    changed = list(altered(photographs(plan.photos))) if plan.photos and plan.altered else []
    with FaceReconstructor() as reconstruct:
        for name, detect in detectors.items():
            sensitive = detector_from_option(name, min_score=_LEAST_SCORE)
            least = default_score(detect)
            sets = {}
            for title, pictures in _sets(plan):
                progress(f"{name}: {title}")
                sets[title] = measure(sensitive, least, pictures)
            others = {}
            for title, pictures in changed:
                progress(f"{name}: photographs, {title}")
                others[title] = measure(detect, least, pictures)
            progress(f"{name}: pictures without faces")
            wrong = false_positives(detect, faceless(plan.backgrounds))
            costs = {}
            for title, pictures in _landmark_sets(plan):
                progress(f"{name}: landmarks of {title}")
                costs[title] = landmark_cost(reconstruct, detect, pictures)
            results.append(DetectorResult(name, least, sets, others, wrong, costs, latency[name]))
    return results


def _sets(plan: Plan) -> Iterator[tuple[str, Iterable[Picture]]]:
    yield "portraits", portraits(plan.faces, plan.portraits)
    yield "alone", alone(plan.faces, plan.backgrounds, plan.portraits)
    for kind in KINDS:
        yield f"{kind} scenes", scenes(plan.faces, plan.backgrounds, plan.scenes, kind)
    if plan.photos is not None:
        yield "photographs", photographs(plan.photos)


def _landmark_sets(plan: Plan) -> Iterator[tuple[str, Iterable[Picture]]]:
    yield "portraits", portraits(plan.faces, plan.portraits)
    yield "plain scenes", scenes(plan.faces, plan.backgrounds, plan.nme_scenes, seed=1)
    if plan.photos is not None:
        found = list(annotated_photographs(photographs(plan.photos), plan.faces))
        if found:
            yield "annotated photographs", found


def default_score(detect: Detector) -> float:
    """The threshold at which a detector works."""
    if isinstance(detect, BuiltinDetector | YuNetDetector):
        return detect.min_score
    return 0.0


def _call(detect: Detector, image: Image) -> Callable[[], object]:
    return lambda: detect(image)


def environment() -> dict[str, str]:
    """What the figures were measured on."""
    import platform

    import cv2

    from frsdk.backends.onnxruntime_session import load_onnxruntime

    return {
        "machine": platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "onnxruntime": str(load_onnxruntime().__version__),
        "opencv": str(cv2.__version__),
    }
