"""Inputs of the command line expanded into the photographs they name."""

from __future__ import annotations

import functools
import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..storage.path_kinds import is_file, is_folder

SAMPLE_PREFIX = "sample:"
STANDARD_INPUT = "-"
SAMPLES = ("astronaut",)
OVERLAY_SUFFIX = ".overlay.png"
# What a run writes as pictures is no photograph for the next one in the same folder.
_WRITTEN_SUFFIXES = (
    OVERLAY_SUFFIX,
    *(f".{kind}.png" for kind in ("depth", "normals", "pncc", "mask", "uv", "texture")),
)
_WRITTEN_NAMES = ("faces.json", "faces.html")
READABLE_FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF, JPEG 2000, PNM, AVIF or HEIC"
_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif",
    ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One photograph to read.

    Attributes:
        location: A path, `sample:NAME`, or `-` for standard input.
        problem: Why there is nothing to read, in one line; None where there may be.
    """

    location: str
    problem: str | None = None

    @property
    def name(self) -> str:
        """The file name without its folder; for a sample or standard input a name for it."""
        if self.location == STANDARD_INPUT:
            return "stdin.png"
        if self.location.startswith(SAMPLE_PREFIX):
            return self.location.removeprefix(SAMPLE_PREFIX) + ".png"
        return Path(self.location).name


def find_images(
    inputs: Iterable[str | os.PathLike[str]], *, strict: bool = True
) -> list[ImageSource]:
    """Expand files, folders, globs and samples into the photographs they name.

    A folder gives its own image files by suffix (sub-folders are not entered, and pictures that
    an earlier run wrote, such as `*.overlay.png`, and names that begin with a dot are left out). A
    glob gives every file it matches but for those that a run wrote (`**` enters sub-folders, and a
    photo that a link to a folder shows again counts once); what exists under a name is that
    file or folder, whatever brackets are in the name. Each input's files are sorted by name; a
    file named twice is kept once. A file that does not exist is kept: reading it says so, and the
    other files still go through.

    Args:
        inputs: Paths, globs (as text), `sample:astronaut`, or `-` for standard input.
        strict: Raise for an input that names nothing; otherwise it becomes a source with that
            problem, and the others are found.

    Returns:
        The sources, in the order of the inputs.

    Raises:
        InputError: With `strict`, a folder without images or that cannot be listed, a glob that
            matches no file, or an unknown sample.
    """
    sources: dict[str, ImageSource] = {}
    for item in inputs:
        text = os.fspath(item)
        try:
            locations = _expand(text)
        except InputError as error:
            if strict:
                raise
            sources.setdefault(text, ImageSource(text, str(error)))
            continue
        for location in locations:
            key = location
            if not location.startswith(SAMPLE_PREFIX):
                key = os.path.abspath(location)  # noqa: PTH100 - a link is a photo of its own
            sources.setdefault(key, ImageSource(location))
    return list(sources.values())


def _expand(item: str) -> Sequence[str]:
    if not item:
        raise InputError("expected a photograph, got an empty name: . is the current folder")
    if item == STANDARD_INPUT:
        return [item]
    if item.startswith(SAMPLE_PREFIX):
        check_sample(item)
        return [item]
    path = Path(item)
    if is_folder(path):
        return _folder_images(path)
    if glob.has_magic(item) and not os.path.lexists(item):
        pattern = _pattern(path)
        matches = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path takes no absolute one
        files = sorted(_once(match for match in matches if not _written(match)))
        if not files:
            raise InputError(f"no file matches {item}")
        return files
    return [item]


def _written(match: str) -> bool:
    """Whether a glob's match is a folder, or what a run writes."""
    name = Path(match).name
    if name in _WRITTEN_NAMES or name.endswith(_WRITTEN_SUFFIXES):
        return True
    # The real path follows more links than a system does: one that circles is a folder, too.
    return not is_file(match) and is_folder(os.path.realpath(match))


def _once(matches: Iterable[str]) -> list[str]:
    """The matches without those that links to folders show again, for ever where they circle."""
    shortest = sorted(matches, key=lambda match: (len(match), match))
    real_path = functools.cache(os.path.realpath)  # many photos lie in one folder
    found: dict[tuple[str, str], str] = {}
    for match in shortest:
        folder, name = os.path.split(match)
        found.setdefault((real_path(folder or "."), name), match)
    return list(found.values())


def _pattern(path: Path) -> str:
    """The glob of a path whose first folders exist: their brackets are no pattern."""
    known = next(folder for folder in path.parents if os.path.lexists(folder) or not folder.name)
    return str(Path(glob.escape(str(known))) / path.relative_to(known))


def _folder_images(folder: Path) -> list[str]:
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise InputError(f"cannot list the folder {folder}: {error.strerror}") from error
    files = [str(path) for path in entries if has_image_suffix(path.name) and not is_folder(path)]
    if not files:
        raise InputError(f"the folder {folder} has no images ({READABLE_FORMATS})")
    return files


def has_image_suffix(name: str) -> bool:
    """Whether a folder's file is taken for a photograph, by its name."""
    return (
        Path(name).suffix.lower() in _SUFFIXES
        and not name.endswith(_WRITTEN_SUFFIXES)
        and not name.startswith(".")  # macOS keeps ._a.jpg beside a.jpg
    )


def check_sample(location: str) -> None:
    """Raise `InputError` unless `location` is `sample:` and a known name."""
    name = location.removeprefix(SAMPLE_PREFIX)
    if name not in SAMPLES:
        known = ", ".join(SAMPLE_PREFIX + sample for sample in SAMPLES)
        raise InputError(f"no sample {name!r}; there is {known}")
