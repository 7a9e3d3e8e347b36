"""From a photograph to 3D faces."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .backends.onnxruntime import OnnxRuntimeBackend
from .detectors.base import Detector
from .detectors.choice import detector_from_option
from .errors import BackendError, InputError, SpecError
from .face import Face, face_from_params
from .geometry import Roi
from .morphable import MorphableModel, builtin_face_model
from .preprocess import Image, check_image, crop_face, network_input
from .targets import Target, targets_from_boxes, targets_from_detector, targets_from_rois

PathLike = str | os.PathLike[str]

_BUILTIN_NETWORK = Path(__file__).parent / "assets" / "network.onnx"
_ReconstructorT = TypeVar("_ReconstructorT", bound="FaceReconstructor")


class FaceReconstructor:
    """Finds the faces of a photograph and reconstructs each in 3D.

    One object may be called from several threads at once. It is open from its constructor to
    :meth:`close`, which a `with` block calls.
    """

    def __init__(
        self,
        *,
        engine: PathLike | None = None,
        face_model: PathLike | MorphableModel | None = None,
        detector: PathLike | Detector | None = None,
        threads: int = 1,
        max_faces: int | None = None,
        min_score: float | None = None,
    ) -> None:
        """Load the network and the face model.

        Args:
            engine: An `.onnx` file that `frsdk-export` wrote; None is the built-in network.
            face_model: A face-model file or object; None is the built-in one. It must be the one
                that the network was trained for.
            detector: "builtin", the path of an `.onnx` file (a detector of `frsdk-train detector`
                or a YuNet network), or a function from an image to detections; None is "builtin".
                It is loaded when it is first needed.
            threads: Threads of one engine call. One is fastest for single faces on small machines.
            max_faces: Of the detected faces keep this many, the largest; None keeps all.
            min_score: Leave out detections below this score, 0..1; None is the detector's default.

        Raises:
            SpecError: The network's specification is missing, wrong, or names another face model.
            FaceModelError: The face-model file is damaged.
            BackendError: The network or detector file is missing or damaged.
            MissingDependencyError: ONNX Runtime is not installed.
            InputError: An option has an impossible value.
        """
        if max_faces is not None and max_faces < 1:
            raise InputError(f"expected max_faces >= 1 or None, got {max_faces}")
        if min_score is not None and not 0 <= min_score <= 1:
            raise InputError(f"expected min_score in 0..1 or None, got {min_score}")
        self._max_faces, self._min_score, self._threads = max_faces, min_score, threads
        self._detector_option = detector
        self._model = _face_model(face_model)
        self._backend = OnnxRuntimeBackend(_network_path(engine), threads=threads)
        spec = self._backend.spec
        if spec.face_model.sha256 != self._model.sha256:
            raise SpecError(
                f"the network is for face model {spec.face_model.name} "
                f"({spec.face_model.sha256[:12]}), got {self._model.name} "
                f"({self._model.sha256[:12]}): pass face_model= the file of {spec.face_model.name}"
            )
        self._mean = np.array(spec.param_mean, np.float32)
        self._std = np.array(spec.param_std, np.float32)
        if detector is not None:
            self._detector  # noqa: B018 (a named detector is loaded now, so that errors come early)

    @property
    def engine(self) -> str:
        """What runs, in one line: engine, device, precision, file."""
        return self._backend.description

    @property
    def face_model(self) -> MorphableModel:
        """The face model in use."""
        return self._model

    def __call__(
        self,
        image_bgr: Image,
        *,
        boxes: Sequence[ArrayLike] | NDArray[np.floating] | None = None,
        rois: Sequence[ArrayLike | Roi] | NDArray[np.floating] | None = None,
    ) -> list[Face]:
        """Reconstruct the faces of a photograph.

        Args:
            image_bgr: (H, W, 3) uint8.
            boxes: Face boxes x0, y0, x1, y1 in pixels, from the forehead to the chin as common
                detectors draw them, instead of detection.
            rois: Exact squares for the network, x0, y0, x1, y1 in pixels (or :class:`Roi`),
                instead of detection.

        Returns:
            The faces: detected ones largest first, otherwise in the order of boxes or rois. Without
            a face, an empty list.

        Raises:
            InputError: The image has another shape or type, or a box or ROI is not finite, is
                inverted or lies outside the image (its index is named), or both were given.
            BackendError: The engine failed, or the reconstructor is closed.
        """
        image = check_image(image_bgr)
        targets = self._targets(image, boxes, rois)
        if not targets:
            return []
        spec = self._backend.spec
        size = spec.input.size
        crops = [crop_face(image, target.roi, size) for target in targets]
        whitened = self._backend.run(network_input(crops, spec.input))  # (n, 62)
        params = whitened * self._std + self._mean
        landmarks = self._model.decode_landmarks(params, size=size)  # (n, 68, 3)
        return [
            face_from_params(
                each_params,
                points,
                roi=target.roi,
                box_xyxy=target.box_xyxy,
                score=target.score,
                face_model=self._model,
                crop_size=size,
            )
            for target, each_params, points in zip(targets, params, landmarks, strict=True)
        ]

    def close(self) -> None:
        """Free the engine; a second call does nothing."""
        self._backend.close()

    def __enter__(self: _ReconstructorT) -> _ReconstructorT:
        """Return the open reconstructor."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the engine."""
        self.close()

    @cached_property
    def _detector(self) -> Detector:
        return detector_from_option(
            self._detector_option, min_score=self._min_score, threads=self._threads
        )

    def _targets(
        self,
        image: Image,
        boxes: Sequence[ArrayLike] | NDArray[np.floating] | None,
        rois: Sequence[ArrayLike | Roi] | NDArray[np.floating] | None,
    ) -> list[Target]:
        if boxes is not None and rois is not None:
            raise InputError("expected boxes= or rois=, got both: pass one of them")
        if rois is not None:
            return targets_from_rois(rois, image)
        if boxes is not None:
            return targets_from_boxes(boxes, image)
        return targets_from_detector(
            self._detector, image, min_score=self._min_score, max_faces=self._max_faces
        )


def _face_model(option: PathLike | MorphableModel | None) -> MorphableModel:
    if option is None:
        return builtin_face_model()
    return option if isinstance(option, MorphableModel) else MorphableModel.load(option)


def _network_path(option: PathLike | None) -> Path:
    if option is None:
        if not _BUILTIN_NETWORK.is_file():
            raise BackendError(
                f"{_BUILTIN_NETWORK}: the built-in network is not in this installation: "
                "install frsdk from its wheel, or pass engine= an .onnx file"
            )
        return _BUILTIN_NETWORK
    path = Path(option)
    if path.suffix.lower() != ".onnx":
        raise BackendError(f"{path}: expected an .onnx file as engine: make one with frsdk-export")
    return path
