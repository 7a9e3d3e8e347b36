"""Inputs of the command line expanded into the photographs they name."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import InputError

DEFAULT_MAX_PIXELS = 100_000_000
SAMPLE_PREFIX = "sample:"
SAMPLES = ("astronaut",)
OVERLAY_SUFFIX = ".overlay.png"
READABLE_FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, PNM or AVIF"
_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif",
    ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".avif",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One photograph to read: a path, or `sample:NAME`."""

    location: str

    @property
    def name(self) -> str:
        """The file name without its folder; for a sample, its name with `.png`."""
        if self.location.startswith(SAMPLE_PREFIX):
            return self.location.removeprefix(SAMPLE_PREFIX) + ".png"
        return os.path.basename(self.location)


def find_images(inputs: Iterable[str | os.PathLike[str]]) -> list[ImageSource]:
    """Expand files, folders, globs and samples into the photographs they name.

    A folder gives its own image files by suffix (sub-folders are not entered, and overlays that
    an earlier run wrote, `*.overlay.png`, are left out). A glob gives every file it matches (`**`
    enters sub-folders). Each input's files are sorted by name; a file named twice is kept once. A
    file that does not exist is kept: reading it says so, and the other files still go through.

    Args:
        inputs: Paths, globs (as text) or `sample:astronaut`.

    Returns:
        The sources, in the order of the inputs.

    Raises:
        InputError: A folder without images or that cannot be listed, a glob that matches no file,
            or an unknown sample.
    """
    sources: dict[str, ImageSource] = {}
    for item in inputs:
        for location in _expand(os.fspath(item)):
            key = location if location.startswith(SAMPLE_PREFIX) else os.path.abspath(location)
            sources.setdefault(key, ImageSource(location))
    return list(sources.values())


def _expand(item: str) -> Sequence[str]:
    if item.startswith(SAMPLE_PREFIX):
        check_sample(item)
        return [item]
    if os.path.isdir(item):
        return _folder_images(item)
    if glob.has_magic(item) and not os.path.lexists(item):
        matches = sorted(m for m in glob.glob(item, recursive=True) if not os.path.isdir(m))
        if not matches:
            raise InputError(f"no file matches {item}")
        return matches
    return [item]


def _folder_images(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise InputError(f"cannot list the folder {folder}: {error.strerror}") from error
    paths = [
        os.path.join(folder, name)
        for name in names
        if os.path.splitext(name)[1].lower() in _SUFFIXES and not name.endswith(OVERLAY_SUFFIX)
    ]
    files = [path for path in paths if not os.path.isdir(path)]
    if not files:
        raise InputError(f"the folder {folder} has no images ({READABLE_FORMATS})")
    return files


def check_sample(location: str) -> None:
    """Raise `InputError` unless `location` is `sample:` and a known name."""
    name = location.removeprefix(SAMPLE_PREFIX)
    if name not in SAMPLES:
        known = ", ".join(SAMPLE_PREFIX + sample for sample in SAMPLES)
        raise InputError(f"no sample {name!r}; there is {known}")
