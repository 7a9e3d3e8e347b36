"""Load the stored 160x160 crops of a folder of tar shards into one array."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import InputError
from frsdk.imaging.crop_bytes import MOST_BYTES, TAR_DAMAGE, image_from_bytes
from frsdk.storage.path_kinds import is_file

from .face_labels import STORED_SIZE, FaceLabels
from .skipped_items import Skipped


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
    return load_good_crops(folder, split, labels)[0]


def load_good_crops(
    folder: Path, split: str, labels: FaceLabels, *, bad_share: float = 0.0
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Decode the crops of a split; name and skip damaged ones.

    Args:
        folder: Folder with ``{split}-NN.tar``.
        split: ``"train"`` or ``"val"``.
        labels: The split's labels; each key is a member ``KEY.webp`` of its shard.
        bad_share: Largest share of the crops that may be missing or damaged.

    Returns:
        (m, 160, 160, 3) uint8 BGR and (n,) which of the labels they belong to.

    Raises:
        InputError: A shard is missing or no tar file, or more crops are damaged than allowed.
    """
    crops = np.zeros((len(labels), STORED_SIZE, STORED_SIZE, 3), np.uint8)
    good = np.zeros(len(labels), np.bool_)
    row_of_key = {str(key): row for row, key in enumerate(labels.key)}
    skipped = Skipped(len(labels), bad_share)
    for shard in np.unique(labels.shard):
        path = folder / f"{split}-{shard:02d}.tar"
        if not is_file(path):
            raise InputError(f"{path}: no such shard: the labels of {split} name it")
        for name, data in _members(path):
            row = row_of_key.get(name.removesuffix(".webp"))
            if row is None:
                continue
            try:
                crops[row] = _decode(data, f"{path}:{name}")
            except InputError as error:
                skipped.add(str(error))
            else:
                good[row] = True
    missing = len(labels) - int(good.sum()) - skipped.count
    if missing:
        skipped.add(f"{folder}: {missing} of {len(labels)} {split} crops missing", missing)
    print(f"{split}: {int(good.sum())} crops{skipped.text}", file=sys.stderr)
    return (crops if good.all() else crops[good]), good


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a tar."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    file = archive.extractfile(member)
                    fits = file is not None and member.size <= MOST_BYTES
                    yield member.name, file.read() if file and fits else b""
    except TAR_DAMAGE as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: not a readable tar file ({reason})") from error


def _decode(data: bytes, name: str) -> NDArray[np.uint8]:
    image = image_from_bytes(data)
    if image is None or image.shape != (STORED_SIZE, STORED_SIZE, 3):
        raise InputError(f"{name}: not a {STORED_SIZE}x{STORED_SIZE} picture")
    return image
