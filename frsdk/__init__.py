"""frsdk: 3D faces from photographs.

Names are loaded when they are first used, so that `import frsdk` is quick and loads no engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .backends import Backend, OnnxRuntimeBackend
    from .detector_spec import DetectorSpec
    from .detectors import (
        BoxRule,
        BuiltinDetector,
        Detection,
        Detector,
        YuNetDetector,
        roi_from_box,
    )
    from .draw import draw_faces
    from .errors import (
        AccuracyError,
        BackendError,
        FaceModelError,
        FrsdkError,
        ImageFileError,
        InputError,
        MissingDependencyError,
        OutputError,
        SpecError,
    )
    from .face import Face, dense_vertices
    from .geometry import Roi, roi_from_landmarks
    from .images import read_image
    from .mesh_files import write_mesh
    from .morphable import MorphableModel, builtin_face_model
    from .nme import NmeSummary, YawBin, nme_percent, summarise_nme
    from .pose import Pose
    from .preprocess import crop_face, network_input
    from .reconstructor import FaceReconstructor
    from .spec import ModelSpec

# Public name -> the module that defines it.
_MODULES = {
    "AccuracyError": "errors",
    "Backend": "backends",
    "BackendError": "errors",
    "BoxRule": "detectors",
    "BuiltinDetector": "detectors",
    "Detection": "detectors",
    "Detector": "detectors",
    "DetectorSpec": "detector_spec",
    "Face": "face",
    "FaceModelError": "errors",
    "FaceReconstructor": "reconstructor",
    "FrsdkError": "errors",
    "ImageFileError": "errors",
    "InputError": "errors",
    "MissingDependencyError": "errors",
    "ModelSpec": "spec",
    "MorphableModel": "morphable",
    "NmeSummary": "nme",
    "OnnxRuntimeBackend": "backends",
    "OutputError": "errors",
    "Pose": "pose",
    "Roi": "geometry",
    "SpecError": "errors",
    "YawBin": "nme",
    "YuNetDetector": "detectors",
    "builtin_face_model": "morphable",
    "crop_face": "preprocess",
    "dense_vertices": "face",
    "draw_faces": "draw",
    "network_input": "preprocess",
    "nme_percent": "nme",
    "read_image": "images",
    "roi_from_box": "detectors",
    "roi_from_landmarks": "geometry",
    "summarise_nme": "nme",
    "write_mesh": "mesh_files",
}

__all__ = [
    "AccuracyError",
    "Backend",
    "BackendError",
    "BoxRule",
    "BuiltinDetector",
    "Detection",
    "Detector",
    "DetectorSpec",
    "Face",
    "FaceModelError",
    "FaceReconstructor",
    "FrsdkError",
    "ImageFileError",
    "InputError",
    "MissingDependencyError",
    "ModelSpec",
    "MorphableModel",
    "NmeSummary",
    "OnnxRuntimeBackend",
    "OutputError",
    "Pose",
    "Roi",
    "SpecError",
    "YawBin",
    "YuNetDetector",
    "__version__",
    "builtin_face_model",
    "crop_face",
    "dense_vertices",
    "draw_faces",
    "network_input",
    "nme_percent",
    "read_image",
    "roi_from_box",
    "roi_from_landmarks",
    "summarise_nme",
    "write_mesh",
]


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
