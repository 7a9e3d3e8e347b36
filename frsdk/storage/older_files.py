"""Results of an earlier run that this one does not have."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from .atomic_write import cannot_write


def remove_older_files(folder: Path, pattern: str, kept: Container[str]) -> None:
    """Remove the files of a folder whose names fit, but for those of this run.

    Args:
        folder: Where they lie.
        pattern: Regular expression of whole names.
        kept: Names of this run's files.

    Raises:
        OutputError: One cannot be removed.
    """
    try:
        for path in folder.iterdir():
            if re.fullmatch(pattern, path.name) and path.name not in kept:
                path.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error
