"""Read 3DDFA's cropped training set: a list of 120x120 pictures and a pickle of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.read_image import read_image
from frsdk.morphable.morphable_model import MorphableModel
from frsdk.storage.array_unpickler import read_array_pickle
from frsdk.storage.npz_arrays import DAMAGED

from .face_labels import MARGIN, NETWORK_SIZE
from .labelled_face import LabelledFace
from .parameters_3ddfa import landmarks_3ddfa, yaw_deg_of
from .skipped_items import Skipped
from .whitening_file import read_whitening

Array = NDArray[np.float64]


def read_cropped_list(
    names: Path,
    parameters: Path,
    whitening: Path,
    model: MorphableModel,
    *,
    pictures: Path | None = None,
    bad_share: float = 0.0,
) -> Iterator[LabelledFace]:
    """Faces of ``train_aug_120x120.list.train`` with ``param_all_norm*.pkl``.

    The crops have no margin: theirs is black.

    Args:
        names: One picture a line.
        parameters: Pickle of (n, 62) whitened parameters, or ``.npy``.
        whitening: As :func:`read_whitening` takes it.
        model: The BFM-space model.
        pictures: Folder of the pictures; None: the list's own.
        bad_share: Damaged pictures are skipped, named, up to this share.

    Raises:
        InputError: A file is missing or damaged, or list and parameters differ in number.
    """
    lines = _lines(names)
    mean, std = read_whitening(whitening)
    whitened = _array(parameters)
    if whitened.shape != (len(lines), 62):
        raise InputError(
            f"{parameters}: expected parameters ({len(lines)}, 62) for the {len(lines)} lines of "
            f"{names.name}, got {whitened.shape}"
        )
    folder = pictures or names.parent
    skipped = Skipped(len(lines), bad_share)
    for line, row in zip(lines, whitened, strict=True):
        try:
            yield _face(folder / line, row * std + mean, model)
        except (InputError, ImageFileError) as error:
            skipped.add(str(error))


def _face(path: Path, params: Array, model: MorphableModel) -> LabelledFace:
    if not np.isfinite(params).all():
        raise InputError(f"{path}: its parameters are not finite")
    image = read_image(path)
    if image.shape != (NETWORK_SIZE, NETWORK_SIZE, 3):
        raise InputError(f"{path}: expected {NETWORK_SIZE}x{NETWORK_SIZE}, got {image.shape}")
    points = landmarks_3ddfa(params, model, NETWORK_SIZE)
    points[:, :2] += MARGIN
    points[:, 2] -= points[:, 2].mean()
    return LabelledFace(
        key=path.stem,
        crop=np.pad(image, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))),
        landmarks=points,
        yaw_deg=yaw_deg_of(params),
        source="3ddfa",
        parameters_3ddfa=params,
    )


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable list of pictures ({error})") from error
    found = [line for line in lines if line]
    if not found:
        raise InputError(f"{path}: the list is empty")
    return found


def _array(path: Path) -> Array:
    try:
        if path.suffix == ".npy":
            content = np.load(path, allow_pickle=False)
        else:
            content = read_array_pickle(path)
        return np.asarray(content, np.float64)
    except DAMAGED as error:
        raise InputError(f"{path}: not a pickle or .npy of parameters ({error})") from error
