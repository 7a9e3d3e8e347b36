"""Read archives of arrays, whatever is wrong with them."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any  # arrays of a type that is yet to be checked

import numpy as np
from numpy.typing import NDArray

DAMAGED = (
    ValueError,
    TypeError,
    OSError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,  # encrypted, or a compression that zipfile has not
    struct.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
    SyntaxError,
)
"""What zipfile and NumPy raise for damaged files, documented or not."""


class ArchiveError(ValueError):
    """Why an archive cannot be read, in one line; the caller adds the file and the remedy."""


def read_npz(
    path: Path, names: Iterable[str] | None = None, *, optional: Iterable[str] = ()
) -> dict[str, NDArray[Any]]:
    """Read arrays of an ``.npz``; nothing in it is executed.

    Args:
        path: The file.
        names: What to read; other members are left alone. None reads all.
        optional: What to read where it is there.

    Raises:
        ArchiveError: The file is missing, unreadable, damaged or lacks an array.
    """
    try:
        with path.open("rb") as handle:
            file = np.load(handle, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("a single array")
            with file:
                held = set(file.files)
                wanted = list(file.files if names is None else names)
                wanted += [name for name in optional if name in held]
                missing = [name for name in wanted if name not in held]
                if missing:
                    raise ValueError(f"it lacks {', '.join(missing)}")
                return {name: _array(file, name) for name in wanted}
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ArchiveError(str(reason).splitlines()[0]) from error


def _array(file: Any, name: str) -> NDArray[Any]:
    array = file[name]
    if not isinstance(array, np.ndarray):  # NumPy gives the bytes of a member that is no .npy
        raise ValueError(f"{name} is no array")
    return array
