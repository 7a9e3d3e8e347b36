"""Heads of photographs turned in 3D, with exact landmarks (face profiling)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frsdk import MorphableModel, Roi, crop_face
from frsdk.export.augmentation.face_profiling import turned_face
from frsdk.export.augmentation.profiling_mesh import profiling_mesh
from frsdk.export.datasets.face_labels import (
    NETWORK_SIZE,
    STORED_SIZE,
    stored_from_crop_frame,
)

Array = NDArray[np.float64]
Image = NDArray[np.uint8]


class HeadTurner:
    """Turns the faces of one face model."""

    def __init__(self, model: MorphableModel) -> None:
        self._mesh = profiling_mesh(model)

    def __call__(
        self, image: Image, roi: Roi, params: Array, turn_deg: float, nod_deg: float
    ) -> tuple[Image, Array]:
        """Turn the face of a photograph.

        Args:
            image: (H, W, 3) uint8.
            roi: The face's nominal square.
            params: (62,) in its crop frame.
            turn_deg: To the image's right.
            nod_deg: Up.

        Returns:
            (160, 160, 3) the square with a sixth more on every side, in which the head is turned,
            and the (68, 2) landmarks in its pixels.
        """
        side = roi.side * STORED_SIZE / NETWORK_SIZE
        margin = (side - roi.side) / 2
        crop = crop_face(image, Roi(roi.x0 - margin, roi.y0 - margin, side), STORED_SIZE)
        turned, turn = turned_face(crop, params, self._mesh, turn_deg, nod_deg)
        points = self._mesh.vertices(params)[: self._mesh.landmark_count]
        points = points - np.array([0.0, 0.0, points[:, 2].mean()])
        return turned, stored_from_crop_frame(points @ turn.linear.T + turn.offset)
