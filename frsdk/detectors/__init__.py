"""Face detectors behind one small interface."""

from .base import DEFAULT_BOX_RULE, BoxRule, Detection, Detector, roi_from_box
from .choice import detector_from_option
from .haar import HaarDetector
from .yunet import YuNetDetector

__all__ = [
    "DEFAULT_BOX_RULE",
    "BoxRule",
    "Detection",
    "Detector",
    "HaarDetector",
    "YuNetDetector",
    "detector_from_option",
    "roi_from_box",
]
