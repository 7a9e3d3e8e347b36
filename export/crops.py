"""Load the stored 160x160 crops of a folder of tar shards into one array."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator
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
        for name, data in _members(path):
            row = row_of_key.get(name.removesuffix(".webp"))
            if row is not None:
                crops[row] = _decode(data, f"{path}:{name}")
                seen += 1
    if seen != len(labels):
        raise InputError(f"{folder}: {len(labels) - seen} of {len(labels)} {split} crops missing")
    print(f"{split}: {seen} crops", file=sys.stderr)
    return crops


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a tar."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"{path}: not a readable tar file ({error})") from error


def _decode(data: bytes, name: str) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.shape != (STORED_SIZE, STORED_SIZE, 3):
        raise InputError(f"{name}: not a {STORED_SIZE}x{STORED_SIZE} picture")
    return np.asarray(image, np.uint8)
