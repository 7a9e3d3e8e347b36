"""Cut a crop's surroundings off at random and put something else there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..datasets.face_labels import STORED_SIZE

Image = NDArray[np.uint8]

_LEAST, _MOST = 5, 45  # pixels cut off a side; the landmarks begin at about 37
_CUT = 0.6  # share of the sides that are cut
_KINDS = ("blurred", "other", "colour", "continued")


def framed(crop: Image, other: Image, rng: np.random.Generator) -> Image:
    """A crop whose sides are cut off, each or not, over surroundings of another kind.

    Tight pictures have an edge around the face whose place tells of its pose and size, and
    surroundings that no camera sees: where they vary, a network looks at the face.

    Args:
        crop: (160, 160, 3) stored crop.
        other: (160, 160, 3) another one, from which surroundings may come.
        rng: Source of randomness.
    """
    cut = np.where(rng.random(4) < _CUT, rng.integers(_LEAST, _MOST, 4), 0)
    top, bottom, left, right = (int(each) for each in cut)
    inner = crop[top : STORED_SIZE - bottom, left : STORED_SIZE - right]
    kind = str(rng.choice(_KINDS))
    colour = [int(each) for each in rng.integers(0, 256, 3)]
    if kind == "other":
        x, y = (int(each) for each in rng.integers(0, STORED_SIZE // 2, 2))
        part = other[y : y + STORED_SIZE // 2, x : x + STORED_SIZE // 2]
        around = cv2.resize(part, (STORED_SIZE, STORED_SIZE))
    else:
        border = {"colour": cv2.BORDER_CONSTANT, "continued": cv2.BORDER_REPLICATE}
        around = cv2.copyMakeBorder(
            inner,
            top,
            bottom,
            left,
            right,
            border.get(kind, cv2.BORDER_REFLECT_101),
            value=colour,
        )
        if kind == "blurred":
            around = cv2.blur(around, (31, 31))
    out = np.array(around, np.uint8)
    out[top : STORED_SIZE - bottom, left : STORED_SIZE - right] = inner
    return out
