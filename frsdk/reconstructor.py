"""From a photograph to 3D faces."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .backends.backend import Backend
from .backends.builtin_engine import builtin_engine
from .backends.engine_choice import open_backend
from .detectors.agreeing_faces import agreeing_faces
from .detectors.detection import Detector
from .detectors.detector_choice import detector_from_option
from .detectors.face_rois import targets_from_boxes, targets_from_detector, targets_from_rois
from .detectors.turned_copies import checked_orientations
from .errors import InputError
from .face import Face, dense_vertices
from .face_network import FaceNetwork
from .imaging.face_crop import Image, check_image, listed_images
from .imaging.roi import Roi
from .morphable.decoder_choice import face_model_of_network, given_face_model, vertex_decoder
from .morphable.morphable_model import MorphableModel
from .morphable.registered_models import register_face_model
from .specs.option_numbers import finite_number, whole_number, whole_numbers

PathLike = str | os.PathLike[str]

# On two shared cores two threads were slower and noisier than one (docs/notes/speed.md).
DEFAULT_THREADS = 1
_ReconstructorT = TypeVar("_ReconstructorT", bound="FaceReconstructor")


class FaceReconstructor:
    """Finds the faces of a photograph and reconstructs each in 3D.

    One object may be called from several threads at once. It is open from its constructor to
    :meth:`close`, which a `with` block calls.
    """

    def __init__(
        self,
        *,
        weights: str | None = None,
        engine: PathLike | None = None,
        backend: str = "auto",
        device: str | None = None,
        face_model: PathLike | MorphableModel | None = None,
        detector: PathLike | Detector | None = None,
        threads: int = DEFAULT_THREADS,
        vertex_precision: str = "fp32",
        max_faces: int | None = None,
        min_score: float | None = None,
        min_face_px: float | None = None,
        orientations: Sequence[int] = (0,),
        cuda_graph: bool = False,
    ) -> None:
        """Load the network and the face model.

        Args:
            weights: The built-in network: "research", the default and the more accurate, for
                research only; or "open", learned from open sources, which a product may ship (its
                model card says what it is made of). Each comes with its own face model and
                detector.
            engine: "fp32", "fp16" or "int8", the built-in network in that precision, which is built
                at first use and cached; or an `.onnx` or `.engine` file; or
                "triton://HOST:PORT/MODEL" on a Triton server; None or "builtin" is the built-in
                network as it is, on the CPU, and "builtin-open" that of weights="open".
            backend: "tensorrt", "rtx", "onnxruntime-cuda", "onnxruntime-rtx" or "onnxruntime"; one
                that is named is taken or an error. "auto" takes for a precision the first of
                "tensorrt", "rtx", "onnxruntime-cuda" (not for int8) and "onnxruntime" that this
                machine can run; for an `.engine` file its flavour; for an `.onnx` file
                "onnxruntime", or with device="gpu" "onnxruntime-cuda". :attr:`engine` tells what it
                took.
            device: "cpu" or "gpu" limits what "auto" may take; None takes either.
            face_model: A face-model file or object; None is the built-in one that the network was
                trained for. Another network needs its own.
            detector: "builtin" or None, that of `weights`; "builtin-research", "builtin-open"; an
                `.onnx` file (a detector of `frsdk-train detector` or a YuNet network); or a
                function from an image to detections. It is loaded when it is first needed.
            threads: Threads of one engine call on a CPU. One is fastest for single faces on small
                machines.
            vertex_precision: "fp32" decodes dense vertices from the face model's own basis, "int8"
                from one of a quarter of the size, for large meshes: faster, and at most 1e-3 of the
                face's size off.
            max_faces: Of the detected faces keep this many, the largest; None keeps all.
            min_score: Leave out detections below this score, 0..1; None is the detector's default.
            min_face_px: Longer side of the smallest faces to find, in pixels: smaller is slower.
                None is the detector's default, which looks for faces from 24 px or a 1/59 of the
                photograph's longer side on, where that is more, and surely finds those of 1.7
                times that. frsdk's own detectors only.
            orientations: Rolls in degrees, of 0, 90, 180 and 270 clockwise, around which faces are
                looked for. The detectors know upright ones, to a roll of 45; with all four they
                find faces any way up, and take four times as long.
            cuda_graph: Record a GPU's work at first use and replay it, which spares the launches of
                few faces: "tensorrt" and "rtx" alone, which "auto" then chooses between.

        Raises:
            SpecError: The network's specification is missing, wrong, or names another face model.
            FaceModelError: The face-model file is damaged.
            BackendError: The network or detector file is missing or damaged, or the backend cannot
                run here.
            MissingDependencyError: The backend's package is not installed.
            InputError: An option has an impossible value.
            OutputError: The cache's folder cannot be written.
        """
        self._options = {name: each for name, each in locals().items() if name != "self"}
        if min_score is not None:
            finite_number("min_score", min_score, 0, 1)
        if min_face_px is not None:
            finite_number("min_face_px", min_face_px, 1)
        self._max_faces = None if max_faces is None else whole_number("max_faces", max_faces, 1)
        self._min_score, self._threads = min_score, whole_number("threads", threads, 1)
        self._min_face_px, self._orientations = min_face_px, checked_orientations(orientations)
        self._detector_option = detector
        model = given_face_model(face_model)
        chosen = builtin_engine(engine, weights)
        self._weights = chosen.weights
        choice = open_backend(
            chosen.engine,
            builtin=chosen.builtin,
            backend=backend,
            device=device,
            threads=threads,
            cuda_graph=cuda_graph,
        )
        self._backend, self._passed_over = choice.backend, choice.passed_over
        try:
            if model is None:
                model = face_model_of_network(self._backend.spec.face_model, chosen.weights)
            self._model = model
            register_face_model(self._model)
            decoder = vertex_decoder(vertex_precision, self._model)
            self._network = FaceNetwork(
                self._backend, self._model, decoder, weights=self._weights, threads=threads
            )
            if detector is not None:
                self._detector  # noqa: B018 (loaded now, so that errors come early)
        except BaseException:
            self._backend.close()
            raise

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the options (paths, functions of a module): the engine is opened anew there."""
        return partial(type(self), **self._options), ()

    @property
    def engine(self) -> str:
        """What runs, in one line: engine, device, precision, file; what "auto" passed over."""
        if not self._passed_over:
            return self._backend.description
        return f"{self._backend.description} [passed over: {'; '.join(self._passed_over)}]"

    @property
    def backend(self) -> Backend:
        """The loaded network itself: for measurements, and for batches of your own crops."""
        return self._backend

    @property
    def detector(self) -> Detector:
        """The face detector in use, loaded now if it was not needed before."""
        return self._detector

    @property
    def max_faces(self) -> int | None:
        """Of the detected faces so many are kept, the largest; None keeps all."""
        return self._max_faces

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
        presence: bool = False,
    ) -> list[Face]:
        """Reconstruct the faces of a photograph.

        Args:
            image_bgr: (H, W, 3) uint8.
            boxes: Face boxes x0, y0, x1, y1 in pixels, from the forehead to the chin as common
                detectors draw them, instead of detection. The face's roll in degrees, clockwise,
                may follow as a fifth number: without it `boxes=[face.box]` moves the landmarks by
                0.7 % of the face (mean of 29 photographed ones), with it by 0.14 %.
            rois: Exact squares for the network, x0, y0, x1, y1 in pixels (or :class:`Roi`),
                instead of detection.
            presence: Also look whether each crop shows the face that its landmarks say, and tell in
                `Face.presence`: for the caller's own boxes and ROIs, where there may be none.

        Returns:
            The faces: detected ones largest first, otherwise in the order of boxes or rois. Without
            a face, an empty list. A detected face whose landmarks contradict the detector's five
            points is left out.

        Raises:
            InputError: The image has another shape or type, or a box or ROI is not finite, is
                inverted, smaller than 8 px or outside the image (its index is named), or both were
                given.
            BackendError: The engine failed, or the reconstructor is closed.
        """
        self._backend.check_open()
        image = check_image(image_bgr)
        if boxes is not None and rois is not None:
            raise InputError("expected boxes= or rois=, got both: pass one of them")
        if rois is not None:
            targets = targets_from_rois(rois, image)
        elif boxes is not None:
            targets = targets_from_boxes(boxes, image)
        else:
            return self._detected([image], presence)[0]
        return self._network.faces([(image, each) for each in targets], presence=presence)

    def batch(self, images_bgr: Iterable[Image], *, presence: bool = False) -> list[list[Face]]:
        """Reconstruct the faces of several photographs, whose faces share the engine's calls.

        Args:
            images_bgr: Each (H, W, 3) uint8, of any sizes.
            presence: As for one photograph.

        Returns:
            For each photograph its faces, as the call with it alone gives them.

        Raises:
            InputError: No list, or an image of another shape or type, whose index is named.
            BackendError: The engine failed, or the reconstructor is closed.
        """
        self._backend.check_open()
        return self._detected(listed_images(images_bgr), presence)

    def warm_up(self, *, batches: Sequence[int] = (1,)) -> None:
        """Do once what only the first photograph would wait for; results do not depend on it.

        Args:
            batches: Numbers of faces to run the engine with.

        Raises:
            InputError: A number below 1.
            BackendError: The engine failed, or the reconstructor is closed.
            MissingDependencyError: The detector's package is not installed.
        """
        counts = whole_numbers("batches", batches, 1)
        size = self._backend.spec.input.size
        black = np.zeros((size, size, 3), np.uint8)
        self._detector(black)
        for count in counts:
            faces = self(black, rois=[Roi(0.0, 0.0, float(size))] * count)
            dense_vertices(faces)

    def close(self) -> None:
        """Free the engine; a second call does nothing."""
        self._backend.close()

    def __enter__(self: _ReconstructorT) -> _ReconstructorT:
        """Return the reconstructor; `BackendError` where it is closed."""
        self._backend.check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the engine."""
        self.close()

    def _detected(self, images: Sequence[Image], presence: bool) -> list[list[Face]]:
        """The faces that the detector finds and whose landmarks agree with it, largest first."""
        found = [
            targets_from_detector(self._detector, image, min_score=self._min_score)
            for image in images
        ]
        return agreeing_faces(
            found,
            lambda targets: self._network.faces(
                [(images[index], target) for index, target in targets], presence=presence
            ),
            most=self._max_faces,
        )

    @cached_property
    def _detector(self) -> Detector:
        return detector_from_option(
            self._detector_option,
            weights=self._weights,
            min_score=self._min_score,
            min_face_px=self._min_face_px,
            orientations=self._orientations,
            threads=self._threads,
        )
