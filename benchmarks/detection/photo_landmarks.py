"""Annotated landmarks of whole photographs, from the labelled crops that were cut out of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.export.datasets.face_labels import FaceLabels, read_labels
from frsdk.export.datasets.stored_crops import load_good_crops

from .held_out_scenes import Image, Picture, landmark_boxes

Array = NDArray[np.float64]

_SPLITS = ("train", "val")
_LEAST_LIKENESS = 0.9  # correlation of the crop with the same part of the photograph


def annotated_photographs(pictures: Sequence[Picture], faces: Path) -> Iterator[Picture]:
    """The photographs whose faces are all among the annotated crops, with their landmarks.

    A photograph and a crop belong together by name; a crop and a face by what they look like, once
    the annotation's box is laid onto the face's.

    Args:
        pictures: As :func:`.holdout.photographs` gives them.
        faces: Folder with ``train.npz``, ``val.npz`` and their shards.
    """
    for split in _SPLITS:
        labels = read_labels(faces / f"{split}.npz")
        for picture in pictures:
            around = landmark_boxes(picture.faces)
            name = Path(picture.name).stem
            own = np.array([str(key).startswith(name) for key in labels.key], np.bool_)
            own &= labels.has_annotation
            if own.sum() < max(1, len(around)):
                continue
            chosen = labels.subset(own)
            crops, _ = load_good_crops(faces, split, chosen)
            landmarks = [_landmarks_of(picture.image, box, chosen, crops) for box in around]
            found = [points for points in landmarks if points is not None]
            if len(found) == len(around):
                yield replace(picture, landmarks=np.array(found))


def _landmarks_of(image: Image, box: Array, labels: FaceLabels, crops: Image) -> Array | None:
    """(68, 2) landmarks of the crop that shows what lies in a box; None where none does."""
    best, likeness = None, _LEAST_LIKENESS
    for crop, points in zip(crops, labels.annotation, strict=True):
        low, high = points.min(axis=0), points.max(axis=0)
        scale = (box[2:] - box[:2]) / (high - low)  # photograph pixels per crop pixel
        to_photograph = np.column_stack([np.diag(scale), box[:2] - scale * low])
        seen = cv2.warpAffine(image, to_photograph, crop.shape[1::-1],
                              flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)  # fmt: skip
        middle = np.s_[20:140, 20:140]
        alike = float(np.corrcoef(seen[middle].ravel(), crop[middle].ravel())[0, 1])
        if alike > likeness:
            best, likeness = points * scale + to_photograph[:, 2], alike
    return best
