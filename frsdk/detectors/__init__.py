"""Face detectors behind one small interface."""

from .box_rule import DEFAULT_BOX_RULE, BoxRule, roi_from_box
from .builtin_detector import BuiltinDetector
from .detection import Detection, Detector
from .detector_choice import detector_from_option
from .turned_copies import TurnedCopiesDetector
from .yunet_detector import YuNetDetector

__all__ = [
    "DEFAULT_BOX_RULE",
    "BoxRule",
    "BuiltinDetector",
    "Detection",
    "Detector",
    "TurnedCopiesDetector",
    "YuNetDetector",
    "detector_from_option",
    "roi_from_box",
]
