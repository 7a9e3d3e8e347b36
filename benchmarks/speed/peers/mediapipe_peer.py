"""MediaPipe's face landmarker as a peer, where its package and its model file are at hand."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # mediapipe has no types

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import BackendError, MissingDependencyError

from ..measuring.interleaved_timing import Case


class MediapipePeer:
    """478 landmarks of the whole photograph, its own detector included.

    Args:
        model: `face_landmarker.task`, from the vendor.

    Raises:
        MissingDependencyError: mediapipe is not installed.
        BackendError: The model file is missing or is not one.
    """

    label = "MediaPipe face landmarker (detects as well; 478 points, no parameters)"

    def __init__(self, model: Path) -> None:
        if find_spec("mediapipe") is None:
            raise MissingDependencyError("mediapipe is not installed: pip install mediapipe")
        if not model.is_file():
            raise BackendError(f"{model}: no such file: give the path of face_landmarker.task")
        self._mediapipe: Any = import_module("mediapipe")
        tasks: Any = import_module("mediapipe.tasks.python")
        vision: Any = import_module("mediapipe.tasks.python.vision")
        options = vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(model)), num_faces=1
        )
        try:
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BackendError(f"{model}: mediapipe cannot load it ({reason})") from error

    def case(self, image_bgr: NDArray[np.uint8]) -> Case:
        """One call on a photograph."""
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB,
            data=np.ascontiguousarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)),
        )
        return lambda: self._landmarker.detect(image)

    def close(self) -> None:
        """Free it."""
        self._landmarker.close()
