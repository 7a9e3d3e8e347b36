"""The photograph that every stage works on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import FaceReconstructor, Roi, read_image
from frsdk.errors import MissingDependencyError

_SAMPLE = "sample:astronaut"
_NOISE_SIZE = (720, 1280, 3)
_NOISE_ROI = Roi(400.3, 200.7, 233.0)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photograph with one face.

    Attributes:
        name: Where it comes from.
        image: (H, W, 3) uint8 BGR.
        jpeg: The same as a JPEG file, quality 90.
        roi: The square of its largest face, or a fixed one where none was found.
        has_face: Whether the detector found one.
    """

    name: str
    image: NDArray[np.uint8]
    jpeg: NDArray[np.uint8]
    roi: Roi
    has_face: bool


def load_photo(path: str | None, reconstruct: FaceReconstructor) -> Photo:
    """Read a photograph and find its largest face.

    Args:
        path: Any image file; None takes scikit-image's astronaut where it is installed, otherwise
            seeded noise, in which there is no face: times but for detection are the same.
        reconstruct: Whose detector looks.

    Raises:
        ImageFileError: The file cannot be read.
    """
    name = path or _SAMPLE
    try:
        image = read_image(name)
    except MissingDependencyError:
        if path:
            raise
        name = "seeded noise"
        image = np.random.default_rng(0).integers(0, 256, _NOISE_SIZE, np.uint8)
    faces = reconstruct(image)
    height, width = image.shape[:2]
    side = min(height, width, _NOISE_ROI.side) * 0.9
    fallback = Roi((width - side) / 2, (height - side) / 2, side)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return Photo(
        name=f"{name}, {width} x {height}",
        image=image,
        jpeg=np.asarray(jpeg, np.uint8),
        roi=faces[0].roi if faces else fallback,
        has_face=bool(faces),
    )
