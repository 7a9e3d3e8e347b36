"""Photographs whose faces wear painted masks or glasses, or are rolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk import FaceReconstructor
from frsdk.export.augmentation.covers.face_covers import masked, sunglasses
from frsdk.export.detector.detector_labels import face_boxes

from .held_out_scenes import Image, Picture

Array = NDArray[np.float64]
_Painter = Callable[[Image, Array, np.random.Generator], Image]

_BLACK, _LIGHT_BLUE = np.array([26.0, 24.0, 24.0]), np.array([232.0, 216.0, 176.0])
_AROUND = 0.8  # of a face's box, painted in a window of its own
ROLLS_DEG = (30, 45, 60)


def altered(pictures: Sequence[Picture]) -> Iterator[tuple[str, list[Picture]]]:
    """Named sets of the same photographs: black masks, light blue masks, sunglasses, rolls.

    Landmarks are the built-in network's from the true boxes.

    Args:
        pictures: Photographs with boxes from forehead to chin.
    """
    with FaceReconstructor() as reconstruct:
        points = [
            [
                face.landmarks[:, :2].astype(np.float64) + 0.5
                for face in reconstruct(each.image, boxes=each.faces.tolist())
            ]
            for each in pictures
        ]
    painters: dict[str, _Painter] = {
        "black masks": lambda image, face, rng: masked(image, face, rng, _BLACK),
        "light blue masks": lambda image, face, rng: masked(image, face, rng, _LIGHT_BLUE),
        "sunglasses": sunglasses,
    }
    for name, paint in painters.items():
        yield name, [_painted(*pair, paint) for pair in zip(pictures, points, strict=True)]
    for roll in ROLLS_DEG:
        yield (
            f"rolled {roll}",
            [
                rolled(picture, faces, float(turn))
                for picture, faces in zip(pictures, points, strict=True)
                for turn in (-roll, roll)
            ],
        )


def _painted(picture: Picture, faces: Sequence[Array], paint: _Painter) -> Picture:
    image = picture.image.copy()
    for number, face in enumerate(faces):
        low, high = face.min(axis=0), face.max(axis=0)
        margin = _AROUND * (high - low).max()
        x0, y0 = np.maximum(low - margin, 0).astype(int)
        x1, y1 = np.minimum(high + margin, image.shape[1::-1]).astype(int)
        window = np.ascontiguousarray(image[y0:y1, x0:x1])
        rng = np.random.default_rng([3, number])
        image[y0:y1, x0:x1] = paint(window, face - (x0, y0), rng)
    return replace(picture, image=image)


def rolled(picture: Picture, faces: Sequence[Array], roll_deg: float) -> Picture:
    """The whole photograph turned clockwise on a black ground.

    Args:
        picture: A photograph.
        faces: (68, 2) landmarks of each face on the continuous plane, which give the boxes.
        roll_deg: Clockwise.
    """
    height, width = picture.image.shape[:2]
    angle = np.radians(roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = np.abs(turn) @ (width, height)
    offset = size / 2 - turn @ (width / 2, height / 2)
    half = np.array([0.5, 0.5])
    matrix = np.column_stack([turn, offset + turn @ half - half])
    canvas = (round(float(size[0])), round(float(size[1])))
    image = cv2.warpAffine(picture.image, matrix, canvas, flags=cv2.INTER_LINEAR)
    boxes = [_around(box, turn, offset) for box in picture.ignored]
    landmarks = np.array([face @ turn.T + offset for face in faces]).reshape(-1, 68, 2)
    return replace(
        picture,
        name=f"{picture.name} rolled {roll_deg:.0f}",
        image=np.asarray(image, np.uint8),
        faces=face_boxes(landmarks),
        ignored=np.array(boxes).reshape(-1, 4),
    )


def _around(box: Array, turn: Array, offset: Array) -> Array:
    """The upright box about a turned one."""
    corners = np.array([(x, y) for x in box[::2] for y in box[1::2]]) @ turn.T + offset
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])
