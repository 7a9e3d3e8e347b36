"""Tell the user when a photograph may have faces below the size that was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..detectors.builtin_detector import DEFAULT_MIN_FACE_PX, BuiltinDetector
from ..detectors.turned_copies import TurnedCopiesDetector

if TYPE_CHECKING:
    from ..face import Face
    from ..reconstructor import FaceReconstructor

_WORTH_SAYING = 1.5  # a limit below this many times the least one leaves little out
_NEAR = 1.6  # a face below this many times the limit says that smaller ones may be there


class SmallFacesHint:
    """Calls a reconstructor and keeps in mind where its smallest face lay near the limit.

    A large photograph is searched for faces from a 1/59 of its longer side. Where one is found that
    is hardly larger, or none at all, there may be more below.
    """

    def __init__(self, reconstruct: FaceReconstructor) -> None:
        """Wrap a reconstructor; it is called as before."""
        self._reconstruct = reconstruct
        self._photos, self._largest_px = 0, 0.0

    def __call__(self, image_bgr: NDArray[np.uint8], /) -> Sequence[Face]:
        """Faces of one BGR image."""
        faces = self._reconstruct(image_bgr)
        detector = self._reconstruct.detector
        if isinstance(detector, TurnedCopiesDetector):
            detector = detector.detector
        if isinstance(detector, BuiltinDetector):
            limit = detector.smallest_face_px(image_bgr)
            sides = [float((face.box[2:] - face.box[:2]).max()) for face in faces]
            if (
                limit > _WORTH_SAYING * DEFAULT_MIN_FACE_PX
                and min(sides, default=0.0) < _NEAR * limit
            ):
                self._photos += 1
                self._largest_px = max(self._largest_px, limit)
        return faces

    @property
    def line(self) -> str | None:
        """The hint, one line; None where there is nothing to say."""
        if not self._photos:
            return None
        photos = "1 photo" if self._photos == 1 else f"{self._photos} photos"
        return (
            f"faces below {self._largest_px:.0f} px were not looked for in {photos}: "
            f"--min-face {DEFAULT_MIN_FACE_PX:.0f} finds them, slower"
        )
