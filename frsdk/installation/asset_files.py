"""The built-in networks and the face model, wherever the package lies."""

from __future__ import annotations

import atexit
import functools
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path

NETWORK = "network.onnx"
FACE_DETECTOR = "face_detector.onnx"
FACE_MODEL = "facemodel.npz"
OPEN_NETWORK = "network_open.onnx"
OPEN_FACE_DETECTOR = "face_detector_open.onnx"
OPEN_FACE_MODEL = "facemodel_2.npz"

_unpacked = ExitStack()  # what had to be taken out of an archive, deleted when Python ends
atexit.register(_unpacked.close)


@functools.cache
def asset_path(name: str) -> Path:
    """The path of a file in `frsdk.assets`.

    In an application that is one archive the file is unpacked for as long as the process runs.

    Args:
        name: :data:`NETWORK`, :data:`FACE_DETECTOR`, :data:`FACE_MODEL` or another of its names.

    Returns:
        Its path, whether the installation has the file or not.
    """
    try:
        return _unpacked.enter_context(as_file(files("frsdk.assets") / name))
    except (OSError, ModuleNotFoundError):  # an archive that was packed without it
        return Path(__file__).parents[1] / "assets" / name
