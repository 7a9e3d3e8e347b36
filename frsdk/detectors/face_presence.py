"""Whether a crop shows the face that the landmarks say."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backends.onnxruntime_backend import OnnxRuntimeBackend
from ..backends.onnxruntime_session import open_session
from ..imaging.face_crop import Image, network_input
from ..installation.asset_files import FACE_DETECTOR, asset_path
from .detector_outputs import CellDecoder, Found
from .resized_graph import resized_graph

FloatArray = NDArray[np.float64]

SIZE = 128
_LEAST_SCORE = 0.02
# Of the face's size: within the first the points agree fully, from the second on not at all.
_AGREES, _DISAGREES = 0.10, 0.30


class FacePresence:
    """Looks at the network's own crops with the built-in detector, at 128 px.

    A presence is the detector's score times how well its five points agree with the landmarks:
    1 for a mean distance of at most 0.10 of the face's size, falling to 0 at 0.30. It costs about a
    seventh of the reconstruction network. One object may be called from several threads at once.
    """

    def __init__(self, *, threads: int = 1) -> None:
        """Load the network.

        Args:
            threads: Threads of one call.

        Raises:
            MissingDependencyError: ONNX Runtime is not installed.
            BackendError: The installation lacks the detector.
        """
        spec = OnnxRuntimeBackend(asset_path(FACE_DETECTOR), threads=1).detector_spec
        graph = resized_graph(
            asset_path(FACE_DETECTOR).read_bytes(),
            size=spec.input.size,
            to_size=SIZE,
            strides=spec.strides,
        )
        self._input = dataclasses.replace(spec.input, shape=(3, SIZE, SIZE))
        self._output = spec.output.name
        self._decode = CellDecoder(dataclasses.replace(spec, input=self._input))
        self._session = open_session(graph, threads=threads)

    def __call__(self, crops: Sequence[Image], landmarks: NDArray[np.floating]) -> FloatArray:
        """Presence of the face of each crop.

        Args:
            crops: n network crops (s, s, 3) uint8 BGR.
            landmarks: (n, 68, 2 or 3) their landmarks in crop pixels.

        Returns:
            (n,) 0..1.
        """
        squares = [_fitted(crop) for crop in crops]
        batch = network_input([square for square, _, _ in squares], self._input)
        (outputs,) = self._session.run([self._output], {self._input.name: batch})
        presence = np.zeros(len(crops))
        for index, (output, (_, scale, margin)) in enumerate(zip(outputs, squares, strict=True)):
            found = self._decode(output, _LEAST_SCORE)
            if len(found.scores):
                points = (np.asarray(landmarks[index, :, :2], np.float64) + 0.5) * scale + margin
                presence[index] = (found.scores * agreement(found, points)).max()
        return presence


def agreement(found: Found, landmarks_xy: FloatArray) -> FloatArray:
    """How well the five points of detections agree with 68 landmarks.

    Args:
        found: n detections.
        landmarks_xy: (68, 2) on the same plane as the detections.

    Returns:
        (n,) 1 where they agree, 0 where they contradict.
    """
    own = five_points(landmarks_xy)
    size = float(np.sqrt(np.prod(np.ptp(landmarks_xy, axis=0))))
    offset = found.points - own  # (n, 5, 2)
    distance = np.sqrt((offset * offset).sum(axis=2)).mean(axis=1) / max(size, 1e-6)
    share = (_DISAGREES - distance) / (_DISAGREES - _AGREES)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float64)


def five_points(landmarks_xy: FloatArray) -> FloatArray:
    """(68, 2) iBUG landmarks -> (5, 2) right eye, left eye, nose tip, right and left mouth corner.

    An eye is the mean of its six points.
    """
    eyes = landmarks_xy[36:48].reshape(2, 6, 2).mean(axis=1)  # (12, 2) -> (2, 6, 2) -> (2, 2)
    return np.concatenate([eyes, landmarks_xy[[30, 48, 54]]])


def _fitted(crop: Image) -> tuple[Image, float, float]:
    """A crop as a square of SIZE, with the scale and the margin that led there."""
    side = len(crop)
    margin, rest = divmod(SIZE - side, 2)
    if margin < 0 or rest or side * 2 < SIZE:
        resized = cv2.resize(crop, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        return np.asarray(resized, np.uint8), SIZE / side, 0.0
    padded = cv2.copyMakeBorder(crop, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8), 1.0, float(margin)
