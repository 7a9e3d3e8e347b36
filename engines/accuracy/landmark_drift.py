"""What a change of a network costs: the distance of its results from the FP32 network's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from frsdk.metrics.nme import nme_percent
from frsdk.morphable.face_model_match import fits
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.specs.model_spec import ModelSpec

from ..graphs.run_on_cpu import NetworkRun


@dataclass(frozen=True, slots=True)
class Drift:
    """Distances between two networks' results on the same crops.

    Attributes:
        params_rms: Root mean square difference of the whitened parameters.
        landmarks_percent: Mean distance of the 68 points over sqrt(w h) of the first network's,
            x and y, in percent; None where the face model is not at hand.
    """

    params_rms: float
    landmarks_percent: float | None

    @property
    def cost(self) -> float:
        """What to rank by: the landmarks' distance where it is known, else the parameters'."""
        return self.params_rms if self.landmarks_percent is None else self.landmarks_percent


class DriftMeter:
    """Compares networks with one reference on fixed crops.

    Args:
        reference: The serialised FP32 network.
        spec: Its specification.
        face_model: Decodes landmarks if it is the one that the specification names.
        crops: (n, size, size, 3) uint8 BGR.
    """

    def __init__(
        self,
        reference: bytes,
        spec: ModelSpec,
        face_model: MorphableModel,
        crops: NDArray[np.uint8],
    ) -> None:
        self._spec, self._crops = spec, crops
        self._face_model = face_model if fits(face_model, spec.face_model) else None
        self._mean = np.array(spec.param_mean, np.float32)
        self._std = np.array(spec.param_std, np.float32)
        self._whitened = NetworkRun(reference).output(crops, spec.input)  # (n, 62)
        self._points = self._landmarks(self._whitened)

    def measure(self, content: bytes, *, as_written: bool = False) -> Drift:
        """Run a network and compare it.

        Args:
            content: The serialised network.
            as_written: Let each node round as its types say, without ONNX Runtime's fusions.
        """
        found = NetworkRun(content, as_written=as_written).output(self._crops, self._spec.input)
        rms = float(np.sqrt(np.mean((found - self._whitened) ** 2)))
        points = self._landmarks(found)
        if points is None or self._points is None:
            return Drift(rms, None)
        return Drift(rms, float(nme_percent(points, self._points).mean()))

    def _landmarks(self, whitened: NDArray[np.float32]) -> NDArray[np.float32] | None:
        if self._face_model is None:
            return None
        params = whitened * self._std + self._mean
        size = self._spec.input.size
        return self._face_model.decode_landmarks(params, size=size)[..., :2]
