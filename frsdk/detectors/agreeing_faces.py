"""Faces whose landmarks agree with the detector; a refused one gives its place to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .face_rois import Target
from .point_agreement import landmarks_contradict


class _HasLandmarks(Protocol):
    @property
    def landmarks(self) -> NDArray[np.floating]:
        """(68, 3) image pixels."""


FaceT = TypeVar("FaceT", bound=_HasLandmarks)


def agreeing_faces(
    found: Sequence[Sequence[Target]],
    reconstruct: Callable[[list[tuple[int, Target]]], Sequence[FaceT]],
    *,
    most: int | None,
) -> list[list[FaceT]]:
    """Reconstruct what a detector found, and leave out what contradicts its five points.

    Args:
        found: Of each image the targets, largest first.
        reconstruct: From (index of the image, target) to faces, one each.
        most: Faces of an image; None keeps all.

    Returns:
        Of each image the faces, in the order of its targets.
    """
    waiting = [list(targets) for targets in found]
    limit = max(map(len, waiting), default=0) if most is None else most
    faces: list[list[FaceT]] = [[] for _ in waiting]
    while True:
        parts = [each[: limit - len(own)] for each, own in zip(waiting, faces, strict=True)]
        if not any(parts):
            return faces
        waiting = [each[len(part) :] for each, part in zip(waiting, parts, strict=True)]
        looked_at = [(index, target) for index, part in enumerate(parts) for target in part]
        for face, (index, target) in zip(reconstruct(looked_at), looked_at, strict=True):
            if not landmarks_contradict(face.landmarks, target.points_xy, target.roi.side):
                faces[index].append(face)
