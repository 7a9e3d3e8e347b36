"""Whether a crop shows the face that the landmarks say."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..backends.onnxruntime_backend import OnnxRuntimeBackend
from ..backends.onnxruntime_session import open_session
from ..imaging.face_crop import Image, network_input
from ..installation.asset_files import FACE_DETECTOR, asset_path
from .detector_outputs import CellDecoder
from .resized_graph import resized_graph

FloatArray = NDArray[np.float64]

SIZE = 64
_LEAST_SCORE = 0.02
# Of the face's size: within the first the points agree fully, from the second on not at all.
_AGREES, _DISAGREES = 0.10, 0.30

_FIVE = np.zeros((5, 68))  # the five points of 68 landmarks
_FIVE[0, 36:42] = _FIVE[1, 42:48] = 1.0 / 6.0
_FIVE[[2, 3, 4], [30, 48, 54]] = 1.0


class FacePresence:
    """Looks at the network's own crops with the built-in detector, at 64 px.

    A presence is the detector's score times how well its five points agree with the landmarks:
    1 for a mean distance of at most 0.10 of the face's size, falling to 0 at 0.30. It costs about a
    sixth of the reconstruction network (`frsdk-bench`, a tracked frame). One object may be called
    from several threads at once.
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
        batch = network_input([_fitted(crop) for crop in crops], self._input)
        (outputs,) = self._session.run([self._output], {self._input.name: batch})
        presence = np.zeros(len(crops))
        for index, (output, crop) in enumerate(zip(outputs, crops, strict=True)):
            scores, points = self._decode.scores_and_points(output, _LEAST_SCORE)
            if len(scores):
                scale = SIZE / len(crop)
                placed = (np.asarray(landmarks[index, :, :2], np.float64) + 0.5) * scale
                presence[index] = (scores * agreement(points, placed)).max()
        return presence


def agreement(points_xy: FloatArray, landmarks_xy: FloatArray) -> FloatArray:
    """How well the five points of detections agree with 68 landmarks.

    Args:
        points_xy: (n, 5, 2) of n detections.
        landmarks_xy: (68, 2) on the same plane.

    Returns:
        (n,) 1 where they agree, 0 where they contradict.
    """
    (left, top), (right, bottom) = (
        landmarks_xy.min(axis=0).tolist(),
        landmarks_xy.max(axis=0).tolist(),
    )
    size = max(math.sqrt((right - left) * (bottom - top)), 1e-6)
    offset = points_xy - five_points(landmarks_xy)  # (n, 5, 2)
    distance = np.hypot(offset[..., 0], offset[..., 1]).sum(axis=1)
    share = (_DISAGREES - distance / (5.0 * size)) / (_DISAGREES - _AGREES)
    return np.asarray(np.minimum(np.maximum(share, 0.0), 1.0), np.float64)


def five_points(landmarks_xy: FloatArray) -> FloatArray:
    """(68, 2) iBUG landmarks -> (5, 2) right eye, left eye, nose tip, right and left mouth corner.

    An eye is the mean of its six points.
    """
    return np.asarray(_FIVE @ landmarks_xy, np.float64)


def _fitted(crop: Image) -> Image:
    """A crop as a square of SIZE; the network's own crops shrink to about a half."""
    near = len(crop) < 2 * SIZE  # then every pixel still counts
    way = cv2.INTER_LINEAR if near else cv2.INTER_AREA
    return np.asarray(cv2.resize(crop, (SIZE, SIZE), interpolation=way), np.uint8)
