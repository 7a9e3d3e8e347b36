"""Faces by the Haar cascades that OpenCV 4 carries."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependencyError
from ..preprocess import check_image
from .base import BoxRule, Detection
from .nms import non_maximum_suppression

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

BOX_RULE = BoxRule(scale=math.sqrt(2.0))
DEFAULT_MIN_SCORE = 0.5

_MAX_SIDE = 1000
_MIN_FACE_PX = 24
_MIN_FACE_SHARE = 0.04
_SCALE_STEP = 1.1
_MIN_NEIGHBOURS = 3
_MAX_IOU, _MAX_COVER = 0.3, 0.6


@dataclass(frozen=True, slots=True)
class Cascade:
    """One cascade file and what its numbers mean.

    Attributes:
        file: Name in OpenCV's data folder.
        mirrored: Search the mirrored picture.
        weight_half: Level weight that scores 0.5.
        weight_step: Weight above that which scores 0.73.
        rule: Where the network's square lies for one of its boxes.
    """

    file: str
    mirrored: bool
    weight_half: float
    weight_step: float
    rule: BoxRule


# Weights read off the photographs of shared/data/photos and the profiles of val: frontal faces
# have 55.9..58.1 (false ones 54.7..55.4), profiles 0.5..5 (false ones up to 1.2).
# Rules by benchmarks/fit_box_rules.py on val. Left over, in shares of the square's side, side and
# centre (x, y): frontal (280 faces of |yaw| <= 30, 277 found) 0.065, 0.053, 0.024; profile (103
# turned faces, 38 found at score 0.1, 29 at 0.5) 0.154, 0.059, 0.037.
CASCADES = (
    Cascade("haarcascade_frontalface_alt2.xml", False, 55.5, 0.35, BoxRule(1.204, 0.0, 0.143)),
    Cascade("haarcascade_profileface.xml", False, 1.2, 0.6, BoxRule(1.02, 0.032, 0.148)),
    Cascade("haarcascade_profileface.xml", True, 1.2, 0.6, BoxRule(1.02, -0.032, 0.148)),
)


class HaarDetector:
    """Viola and Jones's cascades (CVPR 2001), frontal, profile and mirrored profile.

    Score: a cascade's last stage gives a weight w (OpenCV's level weight, the largest of the
    grouped windows), and the score is 1 / (1 + exp((w_half - w) / w_step)), with w_half and w_step
    fixed for each cascade. It orders detections; it is not a probability.

    Each cascade draws its boxes its own way, so a box is moved to what all have in common: the
    square about the 68 landmarks.

    The photograph is searched at a longer side of at most 1000 px, for faces of at least 4 % of
    that side (and 24 px).
    """

    box_rule = BOX_RULE

    def __init__(
        self,
        *,
        min_score: float = DEFAULT_MIN_SCORE,
        cascades: Sequence[Cascade] = CASCADES,
    ) -> None:
        """Make a detector; each thread loads the cascades when it first needs them.

        Args:
            min_score: Leave out faces below this score, 0..1.
            cascades: What to search with.

        Raises:
            MissingDependencyError: This OpenCV has no cascades (version 5 dropped them).
        """
        if not hasattr(cv2, "CascadeClassifier"):
            raise MissingDependencyError(
                f"OpenCV {cv2.__version__} has no Haar cascades: "
                'pip install "opencv-python-headless<5", or pass detector= a YuNet .onnx file'
            )
        self._min_score, self._cascades = min_score, tuple(cascades)
        self._local = threading.local()

    def __call__(self, image_bgr: Image, /) -> list[Detection]:
        """Find the faces of an image.

        Args:
            image_bgr: (H, W, 3) uint8.

        Returns:
            The faces, best score first.

        Raises:
            InputError: The image has another shape or type.
        """
        image = check_image(image_bgr)
        grey, scale_xy = _small_grey(image)
        if min(grey.shape) < _MIN_FACE_PX:
            return []
        found = [
            _search(classifier, cascade, grey)
            for classifier, cascade in zip(self._classifiers(), self._cascades, strict=True)
        ]
        boxes = np.concatenate([each[0] for each in found])  # (n, 4)
        scores = np.concatenate([each[1] for each in found])  # (n,)
        likely = scores >= self._min_score
        boxes, scores = boxes[likely] / np.tile(scale_xy, 2), scores[likely]
        kept = non_maximum_suppression(boxes, scores, max_iou=_MAX_IOU, max_cover=_MAX_COVER)
        return [
            Detection((float(x0), float(y0), float(x1), float(y1)), float(score))
            for (x0, y0, x1, y1), score in zip(boxes[kept], scores[kept], strict=True)
        ]

    def _classifiers(self) -> list[cv2.CascadeClassifier]:
        """This thread's classifiers: one classifier cannot serve two threads at once."""
        known: list[cv2.CascadeClassifier] | None = getattr(self._local, "classifiers", None)
        if known is None:
            known = [_load(cascade.file) for cascade in self._cascades]
            self._local.classifiers = known
        return known


def _load(file: str) -> cv2.CascadeClassifier:
    # Imported by name: the stubs of OpenCV leave the data folder out.
    path = Path(import_module("cv2.data").haarcascades) / file
    classifier = cv2.CascadeClassifier(str(path))
    if classifier.empty():
        raise MissingDependencyError(
            f'{path} is missing: pip install --force-reinstall "opencv-python-headless<5"'
        )
    return classifier


def _small_grey(image: Image) -> tuple[Image, FloatArray]:
    """Grey image with a longer side of at most _MAX_SIDE, and its size / the image's (2,)."""
    height, width = image.shape[:2]
    ratio = min(1.0, _MAX_SIDE / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if ratio < 1 else image
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    return grey, np.array([size[0] / width, size[1] / height])


def _search(
    classifier: cv2.CascadeClassifier, cascade: Cascade, grey: Image
) -> tuple[FloatArray, FloatArray]:
    """Boxes (n, 4) xyxy and scores (n,) of one cascade in the grey image."""
    smallest = max(_MIN_FACE_PX, round(_MIN_FACE_SHARE * max(grey.shape)))
    rectangles, _, weights = classifier.detectMultiScale3(
        np.ascontiguousarray(grey[:, ::-1]) if cascade.mirrored else grey,
        scaleFactor=_SCALE_STEP,
        minNeighbors=_MIN_NEIGHBOURS,
        minSize=(smallest, smallest),
        outputRejectLevels=True,
    )
    xywh = np.array(rectangles, np.float64).reshape(-1, 4)
    x0, y0, width, height = xywh.T
    if cascade.mirrored:
        x0 = grey.shape[1] - x0 - width
    steps = (np.ravel(weights).astype(np.float64) - cascade.weight_half) / cascade.weight_step
    scores = 1 / (1 + np.exp(-np.clip(steps, -50, 50)))
    side = np.maximum(width, height)
    centre_x = x0 + width / 2 + cascade.rule.shift_x * side
    centre_y = y0 + height / 2 + cascade.rule.shift_y * side
    half = side * cascade.rule.scale / BOX_RULE.scale / 2
    boxes = [centre_x - half, centre_y - half, centre_x + half, centre_y + half]
    return np.stack(boxes, axis=1), scores
