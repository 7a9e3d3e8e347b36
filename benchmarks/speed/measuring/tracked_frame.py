"""The steps of a tracked frame, each by itself, and the frame as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import FaceReconstructor, FaceTracker, crop_face, network_input
from frsdk.detectors.face_presence import FacePresence
from frsdk.tracking.face_smoother import FaceSmoother
from frsdk.tracking.smoothing_settings import PRESETS

from .bench_photo import Photo
from .interleaved_timing import Case

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
WHOLE, BASE = "tracked frame", "crop + network"


_FACE_SHARE = 0.3  # of the frame's height that the network's square takes


def tracked_cases(
    reconstruct: FaceReconstructor, photo: Photo, size_wh: tuple[int, int]
) -> dict[str, Case]:
    """The cases of one frame size; the photograph's face is shown at a common size for video."""
    frame = _frame(photo, size_wh)
    with FaceTracker(reconstruct) as track:
        times = _times()
        faces = track(frame, next(times))
        if not faces:  # in the seeded noise: then the square's place is all that counts
            return {}
        raw = faces[0].raw
        backend, spec = reconstruct.backend, reconstruct.backend.spec
        crop = crop_face(frame, raw.roi, spec.input.size)
        points = reconstruct.face_model.decode_landmarks(raw.params[None], size=spec.input.size)
        presence = FacePresence()
        smoother = FaceSmoother(PRESETS["balanced"], reconstruct.face_model)
        smoother(raw, 0.0)

        def crop_and_network() -> object:
            square = crop_face(frame, raw.roi, spec.input.size)
            return backend.run(network_input([square], spec.input))

        return {
            BASE: crop_and_network,
            "presence": lambda: presence([crop], points),
            "crop, network, landmarks, pose": lambda: reconstruct(frame, rois=[raw.roi]),
            "smoothing": lambda: smoother(raw, 1 / 30),
            WHOLE: lambda: track(frame, next(times)),
        }


def _times() -> Iterator[float]:
    """Frames of a camera, 30 a second."""
    index = 0
    while True:
        yield index / 30.0
        index += 1


def _frame(photo: Photo, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """The photograph in a frame, with the network's square at a fixed share of its height."""
    width, height = size_wh
    scale = _FACE_SHARE * height / photo.roi.side
    middle = np.array([photo.roi.x0, photo.roi.y0]) + photo.roi.side / 2
    offset = np.array([width / 2, height / 2]) - scale * middle
    matrix = np.array([[scale, 0.0, offset[0]], [0.0, scale, offset[1]]])
    shown = cv2.warpAffine(photo.image, matrix, size_wh, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)
