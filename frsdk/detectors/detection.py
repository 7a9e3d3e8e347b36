"""What a face detector is, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that a detector found.

    Attributes:
        box_xyxy: x0, y0, x1, y1 in image pixels, on the plane where pixel 0 covers [0, 1).
        score: 0..1, higher is surer; comparable within one detector only.
        roll_deg: Roll of the face, positive clockwise in the image; 0 where it is not known.
        points_xy: The person's right eye, left eye, nose tip, right and left mouth corner, image
            pixels with centres at integers; empty where the detector gives none.
    """

    box_xyxy: tuple[float, float, float, float]
    score: float
    roll_deg: float = 0.0
    points_xy: tuple[tuple[float, float], ...] = ()


class Detector(Protocol):
    """Anything that finds faces: a function will do.

    A detector may have an attribute `box_rule` (a :class:`~frsdk.BoxRule`) that says how its boxes
    lie on faces; one without is taken to draw boxes as `DEFAULT_BOX_RULE` states.
    """

    def __call__(self, image_bgr: NDArray[np.uint8], /) -> Sequence[Detection]:
        """Find the faces of an image (H, W, 3) uint8 BGR."""
