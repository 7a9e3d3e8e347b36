"""The detector that an option names."""

from __future__ import annotations

import os

from ..errors import InputError
from .base import Detector
from .haar import HaarDetector
from .yunet import YuNetDetector


def detector_from_option(
    option: str | os.PathLike[str] | Detector | None, *, min_score: float | None, threads: int = 1
) -> Detector:
    """Make or pass on a detector.

    Args:
        option: None or "haar", the path of a YuNet `.onnx` file, or a callable, which is returned
            as it is.
        min_score: The detector's threshold, 0..1; None is its default.
        threads: Threads of one call of a YuNet network.

    Raises:
        InputError: The option is none of these.
        BackendError: The file is missing, damaged or not a YuNet network.
        MissingDependencyError: ONNX Runtime, or for "haar" OpenCV 4, is not installed.
    """
    if option is None or option == "haar":
        return HaarDetector() if min_score is None else HaarDetector(min_score=min_score)
    if isinstance(option, str | os.PathLike):
        if os.fspath(option).lower().endswith(".onnx"):
            if min_score is None:
                return YuNetDetector(option, threads=threads)
            return YuNetDetector(option, min_score=min_score, threads=threads)
    elif callable(option):
        return option
    raise InputError(
        f'expected detector "haar", the path of a YuNet .onnx file, or a function, got {option!r}'
    )
