"""Read the face crops that INT8 is calibrated on."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from frsdk.errors import FrsdkError, InputError
from frsdk.imaging.crop_bytes import MOST_BYTES, TAR_DAMAGE, image_from_bytes
from frsdk.imaging.image_sources import find_images
from frsdk.storage.npz_arrays import ArchiveError, read_npz
from frsdk.storage.path_kinds import is_file, is_folder

Crops = NDArray[np.uint8]

FEWEST_IMAGES = 100
MOST_IMAGES = 512  # more change nothing that can be measured and take longer
NPZ_FIELD = "crops"

_REMEDY = "give a folder, .tar or .npz of square face crops as frsdk cuts them"
_MARGIN = 4 / 3  # stored crops of a training set: the network's crop and a sixth on every side


def read_calibration(path: Path, size: int) -> Crops:
    """Read face crops from a folder of images, a tar of images, or an .npz.

    A square image is the network's crop and is scaled to its size; one of exactly 4/3 of the size
    is a stored training crop, whose middle is taken. An .npz holds `crops`, (n, side, side, 3)
    uint8 BGR. Of more than 512 images, 512 are taken at even distances.

    Args:
        path: The folder or file.
        size: Pixels of a side of the network's input.

    Returns:
        (n, size, size, 3) uint8 BGR, n in 100..512.

    Raises:
        InputError: Nothing is there, fewer than 100 images, one that cannot be read or is not
            square, or a damaged file.
    """
    if path.suffix.lower() == ".npz":
        images = _npz_images(path)
    elif is_folder(path):
        images = _folder_images(path, size)
    elif is_file(path):
        images = _tar_images(path, size)
    else:
        raise InputError(f"{path}: no such calibration folder or file: {_REMEDY}")
    return np.stack([_crop(image, name, size) for name, image in images])


def _folder_images(folder: Path, size: int) -> Iterator[tuple[str, Crops]]:
    try:
        files = [each.location for each in find_images([folder])]
    except FrsdkError as error:
        raise InputError(f"calibration: {error}: {_REMEDY}") from error
    chosen = [files[index] for index in _chosen(str(folder), len(files))]
    return _decoded(((file, _file_bytes(file)) for file in chosen), str(folder), size)


def _file_bytes(file: str) -> bytes:
    try:
        path = Path(file)
        fits = is_file(path) and path.stat().st_size <= MOST_BYTES
        return path.read_bytes() if fits else b""
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}): remove it") from error


def _tar_images(path: Path, size: int) -> Iterator[tuple[str, Crops]]:
    try:
        with tarfile.open(path) as archive:
            members = [each for each in archive if each.isfile()]
            _check_whole(archive)
            chosen = [members[index] for index in _chosen(str(path), len(members))]
            found = []
            for member in chosen:
                file = archive.extractfile(member) if member.size <= MOST_BYTES else None
                found.append((member.name, file.read() if file else b""))
    except TAR_DAMAGE as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: not a tar of images ({reason}): {_REMEDY}") from error
    return _decoded(iter(found), str(path), size)


def _check_whole(archive: tarfile.TarFile) -> None:
    """Refuse an archive that was read up to a damaged header, which tarfile takes for its end."""
    if archive.fileobj is not None:
        archive.fileobj.seek(archive.offset)
        if any(archive.fileobj.read(tarfile.BLOCKSIZE)):
            raise tarfile.ReadError(f"damaged at byte {archive.offset}")


def _npz_images(path: Path) -> Iterator[tuple[str, Crops]]:
    try:
        crops = read_npz(path, [NPZ_FIELD])[NPZ_FIELD]
    except ArchiveError as error:
        raise InputError(
            f"{path}: expected an .npz with {NPZ_FIELD} (n, side, side, 3) uint8, got ({error}): "
            f"{_REMEDY}"
        ) from error
    if crops.ndim != 4 or crops.shape[3] != 3 or crops.dtype != np.uint8:
        raise InputError(
            f"{path}: expected {NPZ_FIELD} (n, side, side, 3) uint8, got {crops.shape} "
            f"{crops.dtype}: {_REMEDY}"
        )
    return ((f"{path}[{index}]", crops[index]) for index in _chosen(str(path), len(crops)))


def _chosen(source: str, count: int) -> list[int]:
    """Indices of at most `MOST_IMAGES`, evenly spread."""
    if count < FEWEST_IMAGES:
        raise InputError(
            f"{source}: expected at least {FEWEST_IMAGES} images to calibrate on, got {count}: "
            "add crops"
        )
    return [int(at) for at in np.linspace(0, count - 1, min(count, MOST_IMAGES))]


def _decoded(
    files: Iterator[tuple[str, bytes]], source: str, size: int
) -> Iterator[tuple[str, Crops]]:
    """Decode and cut every image before the first is used: all bad ones are told at once."""
    found: list[tuple[str, Crops]] = []
    bad: list[str] = []
    for name, content in files:
        image = image_from_bytes(content)
        if image is None:
            bad.append(name)
        else:
            found.append((name, _crop(image, name, size)))
    if bad:
        raise InputError(
            f"{source}: {len(bad)} of {len(bad) + len(found)} files cannot be read as images, the "
            f"first is {bad[0]}: remove them"
        )
    return iter(found)


def _crop(image: Crops, name: str, size: int) -> Crops:
    height, width = image.shape[:2]
    if height != width or not height:
        raise InputError(f"{name}: expected a square face crop, got {width}x{height}: {_REMEDY}")
    if height == size:
        return image
    if height == round(size * _MARGIN):
        edge = (height - size) // 2
        return image[edge : edge + size, edge : edge + size]
    method = cv2.INTER_AREA if height > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size, size), interpolation=method), np.uint8)
