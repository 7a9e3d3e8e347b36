"""The user's cache of artefacts that were built at first use."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError
from ..storage.atomic_write import atomic_write
from ..storage.file_lock import file_lock

_LOG = logging.getLogger(__name__)

FOLDER_VARIABLE = "FRSDK_CACHE_DIR"

_ENTRY = "entry.json"
_LOCK_SUFFIX = ".lock"
_KEY_DIGITS = 32

Facts = Mapping[str, object]
"""What an artefact was built from and for; JSON values. Equal facts share an entry."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """An artefact in the cache.

    Attributes:
        path: The file.
        size_bytes: Its length.
        facts: What it was built from and for.
    """

    path: Path
    size_bytes: int
    facts: Facts


def cache_folder() -> Path:
    """Where artefacts are kept: ``$FRSDK_CACHE_DIR``, else `frsdk` in the user's cache folder.

    Raises:
        OutputError: The user has no home folder.
    """
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    from platformdirs import PlatformDirs

    try:
        folder = PlatformDirs("frsdk", appauthor=False).user_cache_path
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # some releases of platformdirs leave the ~ in it
        raise OutputError(f"no home folder to keep engines in: set {FOLDER_VARIABLE} to a folder")
    return folder


def get_or_build(facts: Facts, name: str, build: Callable[[Path], None]) -> Path:
    """The artefact with these facts; built and kept when it is not there.

    Of several processes and threads that ask at once, one builds and the others wait. An entry that
    is damaged, which its digest shows, is built again.

    Args:
        facts: The key.
        name: File name.
        build: Writes the artefact to the path that it is given; what it raises is passed on, and
            nothing is kept.

    Raises:
        OutputError: The cache's folder cannot be written.
    """
    key, root = _key(facts), cache_folder()
    folder = root / key
    if (found := _read_entry(folder, whole=True)) is not None:
        return found.path
    _make_folder(root)

    def on_wait() -> None:
        _LOG.info("waiting for another process that builds %s", name)

    with file_lock(root / f"{key}{_LOCK_SUFFIX}", on_wait=on_wait):
        if (found := _read_entry(folder, whole=True)) is not None:
            return found.path
        shutil.rmtree(folder, ignore_errors=True)  # what an end by force left behind
        return _build_entry(folder, facts, name, build)


def kept_bytes(facts: Facts) -> bytes | None:
    """What :func:`keep_bytes` kept for these facts; None where nothing is, or it is damaged."""
    try:
        found = _read_entry(cache_folder() / _key(facts), whole=True)
        return None if found is None else found.path.read_bytes()
    except (OSError, OutputError):  # OutputError: no home folder, so nothing in it
        return None


def keep_bytes(facts: Facts, name: str, content: bytes) -> None:
    """Keep a file that grows with use, in the place of an earlier one.

    Args:
        facts: The key.
        name: File name.
        content: The file. It is not kept where another process keeps one at this moment.

    Raises:
        OutputError: The cache's folder cannot be written.
    """
    key, root = _key(facts), cache_folder()
    _make_folder(root)
    with file_lock(root / f"{key}{_LOCK_SUFFIX}", wait=False) as held:
        if held:
            shutil.rmtree(root / key, ignore_errors=True)
            _build_entry(root / key, facts, name, lambda path: atomic_write(path, content))


def _key(facts: Facts) -> str:
    text = json.dumps(dict(facts), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


def _build_entry(folder: Path, facts: Facts, name: str, build: Callable[[Path], None]) -> Path:
    """Build into a new folder and describe it there; all or nothing."""
    _make_folder(folder)
    path = folder / name
    try:
        build(path)
        content = path.read_bytes()
        entry = {
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "facts": dict(facts),
        }
        atomic_write(folder / _ENTRY, json.dumps(entry, indent=1).encode())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


def cache_entries() -> list[CacheEntry]:
    """What the cache holds, by file name.

    Raises:
        OutputError: The user has no home folder, or the cache's cannot be read.
    """
    found = [_read_entry(folder, whole=False) for folder in _folders()]
    return sorted((each for each in found if each), key=lambda each: (each.path.name, each.path))


def clear_cache() -> tuple[int, int]:
    """Delete every artefact but those being built now.

    Returns:
        Artefacts deleted, and artefacts left because a build holds them.

    Raises:
        OutputError: A file cannot be deleted.
    """
    deleted = busy = 0
    root = cache_folder()
    keys = {folder.name for folder in _folders()} | {lock.stem for lock in _locks()}
    for key in sorted(keys):
        lock = root / f"{key}{_LOCK_SUFFIX}"
        with file_lock(lock, wait=False) as held:
            if not held:
                busy += 1
                continue
            folder = root / key
            deleted += folder.is_dir()
            try:
                if folder.is_dir():
                    shutil.rmtree(folder)
                if sys.platform != "win32":  # an open file cannot be deleted there; it is empty
                    lock.unlink(missing_ok=True)
            except OSError as error:
                reason = error.strerror or str(error)
                raise OutputError(
                    f"{folder}: cannot be deleted ({reason}): check its rights"
                ) from error
    return deleted, busy


def _folders() -> list[Path]:
    return [each for each in _content() if each.is_dir() and _is_key(each.name)]


def _locks() -> list[Path]:
    return [each for each in _content() if each.suffix == _LOCK_SUFFIX and _is_key(each.stem)]


def _content() -> list[Path]:
    root = cache_folder()
    try:
        return sorted(root.iterdir()) if root.is_dir() else []
    except OSError as error:
        raise OutputError(
            f"{root}: the cache cannot be read ({error.strerror}): check its rights, or set "
            f"{FOLDER_VARIABLE}"
        ) from error


def _is_key(name: str) -> bool:
    """Whether the cache made a file of this name: others in the folder are left alone."""
    return len(name) == _KEY_DIGITS and all(digit in "0123456789abcdef" for digit in name)


def _read_entry(folder: Path, *, whole: bool) -> CacheEntry | None:
    """An entry; None where it is missing, not finished or, with `whole`, damaged."""
    try:
        entry = json.loads((folder / _ENTRY).read_text(encoding="utf-8"))
        path = folder / Path(str(entry["file"])).name
        size, digest, facts = entry["size_bytes"], entry["sha256"], entry["facts"]
        if path.stat().st_size != size or not isinstance(facts, dict):
            return None
        if whole and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # or not what was written
        return None
    return CacheEntry(path, size, facts)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{folder}: the cache cannot be written ({reason}): set {FOLDER_VARIABLE} to a folder "
            "that can, or build the file with frsdk-build"
        ) from error
