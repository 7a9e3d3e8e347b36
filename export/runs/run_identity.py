"""What a run is made of, by which a resume tells other data from the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from frsdk.errors import InputError


def check_run_identity(
    saved: Mapping[str, str], run: Mapping[str, str], options: Mapping[str, str], path: Path
) -> None:
    """Refuse to resume a run that was made of something else.

    Args:
        saved: As the state tells it; older ones lack some or all of it.
        run: Of the run that is to go on.
        options: What to give for each of them.
        path: The state's file, for messages.

    Raises:
        InputError: One of them differs.
    """
    for name, option in options.items():
        if name in saved and name in run and saved[name] != run[name]:
            raise InputError(
                f"{path}: of a run with other {name.replace('_', ' ')}: give {option} or use an "
                "empty --output"
            )


def digest_of_texts(texts: Iterable[str]) -> str:
    """SHA-256 of texts in their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def digest_of_path(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder.

    Raises:
        InputError: It cannot be read.
    """
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    try:
        return digest_of_texts(hashlib.sha256(each.read_bytes()).hexdigest() for each in files)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): give another") from error
