"""Label faces that a mesh cannot: by a network of ours on the mesh's detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk.imaging.roi import Roi, roi_from_landmarks
from frsdk.reconstructor import FaceReconstructor

from ..datasets.label_photographs import EnsembleLabel, ensemble_label
from ..datasets.labelling_defaults import LabelSettings
from .short_range_detector import FoundFace

Image = NDArray[np.uint8]

_GROWN = 1.6  # side of the network's square over that of the detector's box
LEAST_YAW_DEG = 30.0  # nearer to the front the mesh would have seen the face


class TurnedFaceTeacher:
    """Labels turned faces by an open network; its crops and mirrored crops must agree.

    Args:
        network: Opened with its face model.
    """

    def __init__(self, network: FaceReconstructor) -> None:
        self._network = network

    def label(
        self, image_bgr: Image, found: FoundFace, settings: LabelSettings, rng: np.random.Generator
    ) -> EnsembleLabel | None:
        """The median landmarks of one face; None for faces that are not turned, or doubtful.

        Raises:
            InputError: A crop lies outside the picture.
        """
        side = found.side * _GROWN
        x, y = found.centre_xy
        roi = Roi(x + 0.5 - side / 2.0, y + 0.5 - side / 2.0, side)
        roi = roi_from_landmarks(self._network(image_bgr, rois=[roi])[0].landmarks)
        label = ensemble_label(image_bgr, roi, self._network, settings, rng)
        if label is None or abs(label.yaw_deg) < LEAST_YAW_DEG:
            return None
        return label
