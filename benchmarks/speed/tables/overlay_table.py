"""What drawing one face takes, in photographs and in video frames."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from frsdk import Face, FaceReconstructor, Roi, draw_faces

from ..measuring.bench_photo import Photo
from ..measuring.interleaved_timing import Case, interleaved
from ..reporting.report_tables import Cell, Table

FRAMES_WH = ((1280, 720), (1920, 1080))


def overlay_table(
    reconstruct: FaceReconstructor, photo: Photo, rounds: int, on_round: Callable[[], None]
) -> Table:
    """Still and live overlay of one face, in the photograph and enlarged to fill video frames."""
    cases: dict[str, Case] = {}
    faces: dict[str, Face] = {}
    for name, image, roi in _frames(photo):
        (face,) = reconstruct(image, rois=[roi])
        faces[name] = face
        cases[f"{name} still"] = _still(image, face)
        cases[f"{name} live"] = _live(image, face)
    found = interleaved(cases, rounds=rounds, on_round=on_round)
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            round(float(np.ptp(face.landmarks[:, :2], axis=0).max())),
            found[f"{name} still"].median_ms,
            found[f"{name} live"].median_ms,
        )
        for name, face in faces.items()
    ]
    note = (
        "`draw_faces` of one face whose dense vertices are known: still into a new image, live "
        "into one that is there. The face's size is the longer side of its landmarks."
    )
    return Table("overlay", "Overlay", ("frame", "face px", "still ms", "live ms"), rows, note)


def _frames(photo: Photo) -> list[tuple[str, np.ndarray, Roi]]:
    """The photograph, and video frames as high with the photograph in their middle."""
    height, width = photo.image.shape[:2]
    frames = [(f"{width} x {height}", photo.image, photo.roi)]
    for wide, high in FRAMES_WH:
        scale = min(wide / width, high / height)
        size = (round(width * scale), round(height * scale))
        left, top = (wide - size[0]) // 2, (high - size[1]) // 2
        frame = np.zeros((high, wide, 3), np.uint8)
        frame[top : top + size[1], left : left + size[0]] = cv2.resize(photo.image, size)
        roi = Roi(
            left + photo.roi.x0 * scale,
            top + photo.roi.y0 * scale,
            photo.roi.side * scale,
            photo.roi.roll_deg,
        )
        frames.append((f"{wide} x {high}", frame, roi))
    return frames


def _still(image: np.ndarray, face: Face) -> Case:
    return lambda: draw_faces(image, [face])


def _live(image: np.ndarray, face: Face) -> Case:
    canvas = image.copy()
    return lambda: draw_faces(canvas, [face], quality="live", out=canvas)
