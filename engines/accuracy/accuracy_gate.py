"""The accuracy gate: what an artefact loses against FP32, and whether it may."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import AccuracyError
from frsdk.metrics.nme import nme_percent
from frsdk.morphable.builtin_models import builtin_model_of
from frsdk.morphable.face_model_match import fits
from frsdk.morphable.morphable_model import MorphableModel, builtin_face_model
from frsdk.specs.accuracy_spec import AccuracySpec
from frsdk.specs.model_spec import ModelSpec

from ..graphs.run_on_cpu import FloatArray, NetworkRun
from .gate_crops import Crops, GateFaces, faces_from_crops, faces_from_photo
from .gate_defaults import GateOptions
from .rendered_faces import rendered_faces

_FEWEST_CROPS = 64
_RENDERINGS, _QUICK_RENDERINGS = 16, 8
_CROPS_EACH = 4  # of a rendering
_BLOCK = 16  # faces whose vertices are compared at a time
_MOST_DECODER_ERROR = 1e-3  # of the face's size, for every vertex
_REFERENCE_RAN = "as it is"


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutputs:
    """What an artefact gives for n crops, in crop pixels as the graph's decoder has them.

    Attributes:
        whitened: (n, 62).
        landmarks: (n, 68, 3); None where the graph has no decoder.
        vertices: (n, N, 3), likewise.
    """

    whitened: FloatArray
    landmarks: FloatArray | None = None
    vertices: FloatArray | None = None


class AccuracyGate:
    """Measures artefacts of one network against its FP32 form, on the same faces.

    Args:
        reference: The serialised FP32 network.
        spec: Its specification.
        crops: (n, size, size, 3) uint8 BGR, real face crops; None takes renderings, and the sample
            photo where scikit-image is installed.
        quick: Half as many renderings.

    Raises:
        AccuracyError: The network itself does not give finite numbers.
        InputError: The crops are not faces to it.
    """

    def __init__(
        self, reference: bytes, spec: ModelSpec, *, crops: Crops | None = None, quick: bool = False
    ) -> None:
        self._model = builtin_model_of(spec.face_model)
        model = self._model or builtin_face_model()
        self._surface = fits(model, spec.face_model, surface=True)
        self._spec = spec
        self._run = NetworkRun(reference)
        self._faces = self._gathered(crops, quick)
        whitened = self._run.output(self._faces.crops, spec.input)
        self._whitened = _finite(whitened, _REFERENCE_RAN, spec.precision)

    def measure(
        self, run: Callable[[Crops], NetworkOutputs], ran: str, precision: str
    ) -> AccuracySpec:
        """Run an artefact on the faces.

        Points that the artefact decodes itself are compared as they are, others are decoded here;
        the vertices of a surface that is not the built-in one are not compared.

        Args:
            run: (n, size, size, 3) uint8 BGR -> what the artefact gives for them.
            ran: What runs, for the record.
            precision: Of what runs.

        Raises:
            AccuracyError: It gives numbers that are not finite, or a surface that is not that of
                its parameters.
        """
        faces = self._faces
        found = run(faces.crops)
        for numbers in (found.whitened, found.landmarks, found.vertices):
            if numbers is not None:
                _finite(numbers, ran, precision)
        rms = math.sqrt(float(np.mean((found.whitened - self._whitened) ** 2, dtype=np.float64)))
        nme = drift = landmarks = vertices = None
        if self._model is not None:
            reference = self._landmarks(self._whitened)
            decoded = found.landmarks
            points = self._landmarks(found.whitened) if decoded is None else decoded
            nme = float(nme_percent(points, faces.landmarks).mean())
            drift = nme - float(nme_percent(reference, faces.landmarks).mean())
            landmarks = float(nme_percent(points, reference).mean())
            if found.vertices is None or self._surface:
                vertices = self._vertices_percent(found, reference)
        return AccuracySpec(
            params_rms=float(f"{rms:.6g}"),
            crops=len(faces.crops),
            crops_sha256=faces.sha256,
            source=faces.source,
            ran=ran,
            nme_percent=_short(nme),
            nme_drift_points=_short(drift),
            landmarks_percent=_short(landmarks),
            vertices_percent=_short(vertices),
        )

    def _gathered(self, crops: Crops | None, quick: bool) -> GateFaces:
        size = self._spec.input.size
        if crops is not None and self._model is not None:
            return faces_from_crops(crops, self._landmarks_of, at_least=_FEWEST_CROPS)
        if crops is not None:  # no landmarks to compare: the parameters need no truth
            nothing = np.zeros((len(crops), 68, 2))
            return GateFaces(crops, nothing, f"{len(crops)} calibration crops")
        faces = _renderings(size, _QUICK_RENDERINGS if quick else _RENDERINGS)
        if self._model is None:
            return faces
        photo = faces_from_photo(self._landmarks_of, size, count=len(faces.crops) // 4)
        return faces if photo is None else faces.joined(photo)

    def _landmarks_of(self, crops: Crops) -> NDArray[np.float64]:
        whitened = self._run.output(crops, self._spec.input)
        return self._landmarks(_finite(whitened, _REFERENCE_RAN, self._spec.precision))

    def _landmarks(self, whitened: FloatArray) -> NDArray[np.float64]:
        """(n, 68, 3) crop pixels."""
        size = self._spec.input.size
        found = self._decoder.decode_landmarks(self._params(whitened), size=size)
        return found.astype(np.float64)

    def _vertices_percent(self, found: NetworkOutputs, reference: NDArray[np.float64]) -> float:
        low, high = reference[..., :2].min(axis=1), reference[..., :2].max(axis=1)
        boxes = np.concatenate([low, high], axis=1)  # (n, 4)
        total = 0.0
        for start in range(0, len(reference), _BLOCK):
            part = slice(start, start + _BLOCK)
            points = self._vertices(found.whitened[part])
            if found.vertices is not None:
                _check_decoder(found.vertices[part], points, boxes[part])
                points = found.vertices[part]
            wanted = self._vertices(self._whitened[part])
            total += float(nme_percent(points, wanted, n_dims=3, boxes_xyxy=boxes[part]).sum())
        return total / len(reference)

    def _vertices(self, whitened: FloatArray) -> FloatArray:
        """(n, N, 3) crop pixels."""
        params = self._params(whitened)
        return self._decoder.decode_vertices(params, size=self._spec.input.size)

    @property
    def _decoder(self) -> MorphableModel:
        return self._model or builtin_face_model()

    def _params(self, whitened: FloatArray) -> FloatArray:
        mean, std = (
            np.array(each, np.float32) for each in (self._spec.param_mean, self._spec.param_std)
        )
        return np.asarray(whitened * std + mean, np.float32)


def _finite(numbers: FloatArray, ran: str, precision: str) -> FloatArray:
    if not np.isfinite(numbers).all():
        remedy = "train or export it again" if precision == "fp32" else "use a higher precision"
        raise AccuracyError(
            f"the network as {precision} ({ran}) gives numbers that are not finite: {remedy}"
        )
    return numbers


def check_drop(accuracy: AccuracySpec | None, options: GateOptions, name: str) -> None:
    """Refuse an artefact that loses more than it may.

    Args:
        accuracy: What was measured; nothing to refuse where no NME was.
        options: The limit.
        name: The artefact, for the message.

    Raises:
        AccuracyError: It loses more.
    """
    drift = None if accuracy is None else accuracy.nme_drift_points
    if accuracy is None or drift is None or drift <= options.max_drop or options.allow_drop:
        return
    raise AccuracyError(
        f"{name}: loses {drift:.3f} points of NME against fp32 on {accuracy.crops} crops "
        f"({accuracy.source}), {options.max_drop:g} are allowed: calibrate on more faces, use a "
        "higher precision, or build it with frsdk-build --allow-drop"
    )


def _check_decoder(decoded: FloatArray, wanted: FloatArray, boxes: NDArray[np.float64]) -> None:
    # (n, 4) boxes -> (n,) sizes of the faces
    sizes = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    off = float((np.linalg.norm(decoded - wanted, axis=-1).max(axis=1) / sizes).max())
    if off > _MOST_DECODER_ERROR:
        raise AccuracyError(
            f"the graph's vertices lie {100.0 * off:.2g} % of the face beside those of its own "
            "parameters: export it again with --with-decoder, or leave the decoder out"
        )


@functools.lru_cache(maxsize=1)
def _renderings(size: int, faces: int) -> GateFaces:
    return rendered_faces(builtin_face_model(), size, faces=faces, crops=_CROPS_EACH)


def _short(value: float | None) -> float | None:
    """Six digits, so that the spec stays readable."""
    return None if value is None else float(f"{value:.6g}")
