"""Read the arrays of a face-model file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any  # arrays of a type that is yet to be checked

from numpy.typing import NDArray

from ..errors import FaceModelError
from ..storage.npz_arrays import ArchiveError, read_npz
from ..storage.path_kinds import is_file


def read_arrays(
    source: str, names: Iterable[str], *, optional: Iterable[str] = ()
) -> dict[str, NDArray[Any]]:
    """Read arrays of an ``.npz``; nothing in it is executed.

    Args:
        source: Its path.
        names: What to read; other members are left alone.
        optional: What to read where it is there.

    Raises:
        FaceModelError: The file is missing, unreadable, damaged or lacks an array.
    """
    if not is_file(source):
        raise FaceModelError(f"{source}: no such face-model file: give the path of an .npz file")
    try:
        return read_npz(Path(source), names, optional=optional)
    except ArchiveError as error:
        raise FaceModelError(
            f"{source}: damaged or not a face-model file ({error}): fetch it again, or make one "
            "with frsdk-export facemodel"
        ) from error
