"""Read the arrays of a face-model file."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any  # arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

from .errors import FaceModelError

# What zipfile and NumPy raise for damaged files, documented or not.
_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,  # encrypted, or a compression that zipfile has not
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)


def read_arrays(source: str, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read arrays of an ``.npz``; nothing in it is executed.

    Args:
        source: Its path.
        names: What to read; other members are left alone.

    Raises:
        FaceModelError: The file is missing, unreadable, damaged or lacks an array.
    """
    if not Path(source).is_file():
        raise FaceModelError(f"{source}: no such face-model file: give the path of an .npz file")
    try:
        content = Path(source).read_bytes()
    except OSError as error:
        raise FaceModelError(
            f"{source}: cannot be read ({error.strerror}): check its rights"
        ) from error
    try:
        file = np.load(io.BytesIO(content), allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        with file:
            return {name: file[name] for name in names}
    except KeyError as error:
        raise FaceModelError(
            f"{source}: not a face-model file, {error.args[0]}: "
            "make one with frsdk-export facemodel"
        ) from error
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise FaceModelError(
            f"{source}: damaged or not a face-model file ({reason}): fetch it again"
        ) from error
