"""Whether a crop shows the face that the landmarks say."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backends.onnxruntime_backend import OnnxRuntimeBackend
from ..backends.onnxruntime_session import load_onnxruntime, open_session
from ..imaging.face_crop import Image
from ..installation.builtin_weights import builtin_weights
from .detector_outputs import CellDecoder
from .resized_graph import resized_graph

FloatArray = NDArray[np.float64]

SIZE = 64
_LEAST_SCORE = 0.02
# Of the face's size: within the first the points agree fully, from the second on not at all.
_AGREES, _DISAGREES = 0.10, 0.30

_FIVE = np.zeros((5, 68))  # the five points of 68 landmarks
_EYES, _NOSE_AND_MOUTH = (slice(36, 42), slice(42, 48)), (30, 48, 54)
_FIVE[0, _EYES[0]] = _FIVE[1, _EYES[1]] = 1.0 / 6.0
_FIVE[[2, 3, 4], _NOSE_AND_MOUTH] = 1.0


class FacePresence:
    """Looks at the network's own crops with the built-in detector, at 64 px.

    A presence is the detector's score times how well its five points agree with the landmarks:
    1 for a mean distance of at most 0.10 of the face's size, falling to 0 at 0.30. It costs about a
    sixth of the reconstruction network (`frsdk-bench`, a tracked frame). One object may be called
    from several threads at once.
    """

    def __init__(self, *, weights: str | None = None, threads: int = 1) -> None:
        """Load the network.

        Args:
            weights: The built-in weights whose detector looks; None: the default ones.
            threads: Threads of one call.

        Raises:
            MissingDependencyError: ONNX Runtime is not installed.
            BackendError: The installation lacks the detector.
        """
        file = builtin_weights(weights).detector
        spec = OnnxRuntimeBackend(file, threads=1).detector_spec
        graph = resized_graph(
            file.read_bytes(),
            size=spec.input.size,
            to_size=SIZE,
            strides=spec.strides,
        )
        self._name, self._outputs = spec.input.name, [spec.output.name]
        self._mean, self._swapped = spec.input.mean, spec.input.colour_order == "RGB"
        (self._std,) = set(spec.input.std)  # the same of every channel
        small = dataclasses.replace(spec.input, shape=(3, SIZE, SIZE))
        self._decode = CellDecoder(dataclasses.replace(spec, input=small))
        self._session = open_session(graph, threads=threads)
        self._run_options = load_onnxruntime().RunOptions()  # else a call makes its own

    def __call__(self, crops: Sequence[Image], landmarks: NDArray[np.floating]) -> FloatArray:
        """Presence of the face of each crop.

        Args:
            crops: n network crops (s, s, 3) uint8 BGR.
            landmarks: (n, 68, 2 or 3) their landmarks in crop pixels.

        Returns:
            (n,) 0..1.
        """
        batch = self._batch(crops)
        (outputs,) = self._session.run(self._outputs, {self._name: batch}, self._run_options)
        seen = [
            self._agreeing(output, points, SIZE / len(crop))
            for output, points, crop in zip(outputs, landmarks, crops, strict=True)
        ]
        return np.array(seen, np.float64)

    def _batch(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """(n, 3, SIZE, SIZE) the network's input."""
        fitted = [_fitted(crop) for crop in crops]
        blob = cv2.dnn.blobFromImages(
            fitted, 1.0 / self._std, (SIZE, SIZE), self._mean, self._swapped
        )
        return np.asarray(blob, np.float32)

    def _agreeing(
        self, output: NDArray[np.float32], landmarks: NDArray[np.floating], scale: float
    ) -> float:
        """The best score of a cell times how well its points agree with landmarks x scale."""
        best = self._decode.best(output)
        if best.score < _LEAST_SCORE:
            return 0.0
        wanted, size = _points_and_size(landmarks, scale)
        if agreement(best.points, wanted, size) == 1.0:
            return best.score  # no other cell has more of either: mostly so, and soon known
        scores, points = self._decode.scores_and_points(output, _LEAST_SCORE)
        shares = [agreement(each, wanted, size) for each in points.tolist()]
        return float((scores * shares).max())


def agreement(
    points_xy: Sequence[Sequence[float]], wanted_xy: Sequence[Sequence[float]], size: float
) -> float:
    """How well the five points of a detection agree with those of landmarks.

    Args:
        points_xy: (5, 2) of a detection.
        wanted_xy: (5, 2) of the landmarks, on the same plane.
        size: Of the face: the square root of the area of its landmarks' box.

    Returns:
        1 where they agree, 0 where they contradict.
    """
    distance = sum(map(math.dist, points_xy, wanted_xy)) / 5.0
    share = (_DISAGREES - distance / max(size, 1e-6)) / (_DISAGREES - _AGREES)
    return min(max(share, 0.0), 1.0)


def _points_and_size(
    landmarks: NDArray[np.floating], scale: float
) -> tuple[list[tuple[float, float]], float]:
    """Five points and size of a crop's landmarks on a plane of other pixels.

    In plain numbers, which for 68 points are quicker than arrays.
    """
    x, y = landmarks[:, :2].T.tolist()
    size = math.sqrt((max(x) - min(x)) * (max(y) - min(y))) * scale
    eyes = [(sum(x[eye]) / 6.0, sum(y[eye]) / 6.0) for eye in _EYES]
    points = [*eyes, *((x[index], y[index]) for index in _NOSE_AND_MOUTH)]
    return [((across + 0.5) * scale, (down + 0.5) * scale) for across, down in points], size


def five_points(landmarks_xy: FloatArray) -> FloatArray:
    """(68, 2) iBUG landmarks -> (5, 2) right eye, left eye, nose tip, right and left mouth corner.

    An eye is the mean of its six points.
    """
    return np.asarray(_FIVE @ landmarks_xy, np.float64)


def _fitted(crop: Image) -> Image:
    """A large crop as a square of SIZE; a small one, of which every pixel still counts, as it is.

    The network's own crops are small: their resize is part of making the network's input.
    """
    if len(crop) < 2 * SIZE:
        return crop
    return np.asarray(cv2.resize(crop, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)
