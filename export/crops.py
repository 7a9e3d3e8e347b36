"""Load the stored 160x160 crops of a folder of tar shards into one array."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError

from .faces_data import STORED_SIZE, FaceLabels


def load_crops(folder: Path, split: str, labels: FaceLabels) -> NDArray[np.uint8]:
    """Decode every crop of a split, in the order of its labels.

    Args:
        folder: Folder with ``{split}-NN.tar``.
        split: ``"train"`` or ``"val"``.
        labels: The split's labels; each key must be a member ``KEY.webp`` of its shard.

    Returns:
        (n, 160, 160, 3) uint8 BGR.

    Raises:
        InputError: A shard or member is missing or not a picture; the message names it.
    """
    crops = np.zeros((len(labels), STORED_SIZE, STORED_SIZE, 3), np.uint8)
    row_of_key = {str(key): row for row, key in enumerate(labels.key)}
    seen = 0
    for shard in np.unique(labels.shard):
        path = folder / f"{split}-{shard:02d}.tar"
        if not path.is_file():
            raise InputError(f"{path}: no such shard: the labels of {split} name it")
        with tarfile.open(path) as archive:
            for member in archive:
                row = row_of_key.get(member.name.removesuffix(".webp"))
                file = archive.extractfile(member)
                if row is None or file is None:
                    continue
                crops[row] = _decode(file.read(), f"{path}:{member.name}")
                seen += 1
    if seen != len(labels):
        raise InputError(f"{folder}: {len(labels) - seen} of {len(labels)} {split} crops missing")
    print(f"{split}: {seen} crops", file=sys.stderr)
    return crops


def _decode(data: bytes, name: str) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.shape != (STORED_SIZE, STORED_SIZE, 3):
        raise InputError(f"{name}: not a {STORED_SIZE}x{STORED_SIZE} picture")
    return np.asarray(image, np.uint8)
