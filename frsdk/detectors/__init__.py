"""Face detectors behind one small interface."""

from .base import DEFAULT_BOX_RULE, BoxRule, Detection, Detector, roi_from_box
from .builtin import BuiltinDetector
from .choice import detector_from_option
from .yunet import YuNetDetector

__all__ = [
    "DEFAULT_BOX_RULE",
    "BoxRule",
    "BuiltinDetector",
    "Detection",
    "Detector",
    "YuNetDetector",
    "detector_from_option",
    "roi_from_box",
]
