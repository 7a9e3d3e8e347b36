"""Tell a photograph in a crop from the border that labelling drew around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .paste_picture import Image

_RING_PX = 6
_SMOOTH = 5.0  # largest second difference of a drawn border, grey levels
_LEAST, _SHARE = 1.0, 0.4  # mean second difference at a photograph's edge, and over its middle's
_MIDDLE = slice(50, 110)


def without_drawn_border(
    crop: Image, content: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """The part of a crop that shows structure, where its sides are smooth.

    Labelling continues pictures that end near the face by their own mirror image, blurred; nothing
    in it is larger than a few grey levels. The middle of the crop always stays.

    Args:
        crop: (160, 160, 3) uint8.
        content: x0, y0, x1, y1 of what is not black.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    rough = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.0), cv2.CV_32F))
    x0, y0, x1, y1 = content
    x0, x1 = _ends(rough, x0, x1)
    y0, y1 = _ends(rough.T, y0, y1)
    return x0, y0, x1, y1


def _ends(rough: NDArray[np.float32], first: int, last: int) -> tuple[int, int]:
    """First column and the one behind the last, in crop pixels."""
    along = rough[_MIDDLE].mean(axis=0)
    on = np.flatnonzero(along > max(_LEAST, _SHARE * float(np.median(along[_MIDDLE]))))
    side = len(along)
    if not len(on):
        return first, last
    inner = rough[20:-20]
    if inner[:, first : first + _RING_PX].max(initial=0.0) < _SMOOTH:
        first = max(first, min(int(on[0]) + 2, _MIDDLE.start))
    if inner[:, last - _RING_PX : last].max(initial=0.0) < _SMOOTH:
        last = min(last, max(int(on[-1]) - 1, side - _MIDDLE.start))
    return first, last
