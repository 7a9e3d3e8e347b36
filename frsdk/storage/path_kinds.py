"""What lies at a path, as far as this process may know: no such question ends in an error.

`pathlib` raises where a folder may not be entered or a name is too long (before Python 3.14);
what then opens or writes the file says the reason.
"""

from __future__ import annotations

import os

AnyPath = str | os.PathLike[str]


def is_file(path: AnyPath) -> bool:
    """Whether it is a file that may be looked at."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: AnyPath) -> bool:
    """Whether it is a folder that may be looked at."""
    return os.path.isdir(path)  # noqa: PTH112


def exists(path: AnyPath) -> bool:
    """Whether anything is there that may be looked at."""
    return os.path.exists(path)  # noqa: PTH110


def same_file(first: AnyPath, second: AnyPath) -> bool:
    """Whether both are there and are one file."""
    try:
        return os.path.samefile(first, second)  # noqa: PTH121
    except (OSError, ValueError):
        return False
