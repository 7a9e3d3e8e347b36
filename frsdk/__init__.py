"""frsdk: 3D faces from photographs.

Names are loaded when they are first used, so that `import frsdk` is quick and loads no engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .backends import Backend, OnnxRuntimeBackend
    from .detectors import (
        BoxRule,
        BuiltinDetector,
        Detection,
        Detector,
        YuNetDetector,
        roi_from_box,
    )
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
    from .expressions.blendshape_csv import write_blendshape_csv
    from .expressions.face_expressions import blendshapes_of
    from .expressions.neutral_face import NeutralFace
    from .expressions.vmc_sender import VmcSender
    from .face import Face, dense_vertices
    from .imaging.face_crop import crop_face, network_input
    from .imaging.read_image import read_image
    from .imaging.roi import Roi, roi_from_landmarks, roll_from_landmarks
    from .meshes.mesh_files import write_mesh
    from .metrics.nme import NmeSummary, YawBin, nme_percent, summarise_nme
    from .morphable.head_pose import Pose
    from .morphable.morphable_model import MorphableModel, builtin_face_model
    from .morphable.registered_models import register_face_model
    from .reconstructor import FaceReconstructor
    from .rendering.depth_normals_pncc import FacePictures
    from .rendering.face_outputs import render_faces
    from .rendering.face_texture import Texture
    from .rendering.overlay import draw_faces
    from .rendering.photo_scene import write_scene
    from .specs.detector_spec import DetectorSpec
    from .specs.model_spec import ModelSpec
    from .tracking.face_tracker import FaceTracker
    from .tracking.smoothing_settings import Smoothing
    from .tracking.tracked_face import TrackedFace

# Public name -> the module that defines it.
_MODULES = {
    "AccuracyError": "errors",
    "Backend": "backends",
    "BackendError": "errors",
    "BoxRule": "detectors",
    "BuiltinDetector": "detectors",
    "Detection": "detectors",
    "Detector": "detectors",
    "DetectorSpec": "specs.detector_spec",
    "Face": "face",
    "FaceModelError": "errors",
    "FacePictures": "rendering.depth_normals_pncc",
    "FaceReconstructor": "reconstructor",
    "FaceTracker": "tracking.face_tracker",
    "FrsdkError": "errors",
    "ImageFileError": "errors",
    "InputError": "errors",
    "MissingDependencyError": "errors",
    "ModelSpec": "specs.model_spec",
    "MorphableModel": "morphable.morphable_model",
    "NeutralFace": "expressions.neutral_face",
    "NmeSummary": "metrics.nme",
    "OnnxRuntimeBackend": "backends",
    "OutputError": "errors",
    "Pose": "morphable.head_pose",
    "Roi": "imaging.roi",
    "Smoothing": "tracking.smoothing_settings",
    "SpecError": "errors",
    "Texture": "rendering.face_texture",
    "TrackedFace": "tracking.tracked_face",
    "VmcSender": "expressions.vmc_sender",
    "YawBin": "metrics.nme",
    "YuNetDetector": "detectors",
    "blendshapes_of": "expressions.face_expressions",
    "builtin_face_model": "morphable.morphable_model",
    "crop_face": "imaging.face_crop",
    "dense_vertices": "face",
    "draw_faces": "rendering.overlay",
    "network_input": "imaging.face_crop",
    "nme_percent": "metrics.nme",
    "read_image": "imaging.read_image",
    "render_faces": "rendering.face_outputs",
    "register_face_model": "morphable.registered_models",
    "roi_from_box": "detectors",
    "roi_from_landmarks": "imaging.roi",
    "roll_from_landmarks": "imaging.roi",
    "summarise_nme": "metrics.nme",
    "write_blendshape_csv": "expressions.blendshape_csv",
    "write_mesh": "meshes.mesh_files",
    "write_scene": "rendering.photo_scene",
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
    "FacePictures",
    "FaceReconstructor",
    "FaceTracker",
    "FrsdkError",
    "ImageFileError",
    "InputError",
    "MissingDependencyError",
    "ModelSpec",
    "MorphableModel",
    "NeutralFace",
    "NmeSummary",
    "OnnxRuntimeBackend",
    "OutputError",
    "Pose",
    "Roi",
    "Smoothing",
    "SpecError",
    "Texture",
    "TrackedFace",
    "VmcSender",
    "YawBin",
    "YuNetDetector",
    "__version__",
    "blendshapes_of",
    "builtin_face_model",
    "crop_face",
    "dense_vertices",
    "draw_faces",
    "network_input",
    "nme_percent",
    "read_image",
    "register_face_model",
    "render_faces",
    "roi_from_box",
    "roi_from_landmarks",
    "roll_from_landmarks",
    "summarise_nme",
    "write_blendshape_csv",
    "write_mesh",
    "write_scene",
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
