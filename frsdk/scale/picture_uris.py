"""Where pictures lie: files of this machine, and whatever pyarrow opens by its URI."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any  # pyarrow has no types

from ..errors import ImageFileError, InputError
from ..imaging.image_sources import SAMPLE_PREFIX, STANDARD_INPUT, find_images, has_image_suffix
from .face_columns import load_pyarrow

_URI = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)(/?.*)", re.DOTALL)


def is_uri(place: str) -> bool:
    """Whether a place is a URI and no path."""
    return _URI.fullmatch(place) is not None


def find_pictures(inputs: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The pictures that files, folders, globs and URIs name.

    A folder, here or in a bucket, gives its own pictures by suffix; a glob (here only) what it
    matches.

    Args:
        inputs: Paths, globs, samples, or URIs such as `s3://bucket/folder`.

    Returns:
        Absolute paths and URIs, each once; and (input, why) of those that name nothing.

    Raises:
        InputError: Standard input was asked for.
        MissingDependencyError: A URI was given and pyarrow is not installed.
    """
    places: dict[str, None] = {}
    problems: list[tuple[str, str]] = []
    for each in inputs:
        if each == STANDARD_INPUT:
            raise InputError("standard input is one picture: frsdk reconstruct takes it")
        if is_uri(each):
            try:
                places.update(dict.fromkeys(_in_bucket(each)))
            except InputError as error:
                problems.append((each, str(error)))
            continue
        for source in find_images([each], strict=False):
            if source.problem is not None:
                problems.append((source.location, source.problem))
            elif source.location.startswith(SAMPLE_PREFIX):
                places[source.location] = None
            else:
                places[str(Path(source.location).absolute())] = None
    for place in [each for each in places if _is_no_text(each)]:
        del places[place]
        problems.append((place, f"{place!a}: its name is no Unicode: rename it"))
    return list(places), problems


def read_uri(uri: str) -> bytes:
    """The bytes of a file at a URI.

    Raises:
        ImageFileError: It cannot be read.
    """
    try:
        system, path = _system_and_path(uri)
        with system.open_input_stream(path) as stream:
            return bytes(stream.read())
    except (OSError, ValueError, InputError) as error:
        raise ImageFileError(f"{uri}: cannot be read: {' '.join(str(error).split())}") from error


def _is_no_text(place: str) -> bool:
    """Whether a name has bytes that are no UTF-8, which no column of text holds."""
    try:
        place.encode()
    except UnicodeEncodeError:
        return True
    return False


def _in_bucket(uri: str) -> list[str]:
    """A file's own URI, or those of the pictures in a folder."""
    system, path = _system_and_path(uri)
    fs = load_pyarrow().fs
    try:
        (found,) = system.get_file_info([path.rstrip("/") or path])
        if found.type == fs.FileType.File:
            return [uri]
        if found.type == fs.FileType.NotFound:
            raise InputError(f"{uri}: no such file or folder")
        inside = system.get_file_info(fs.FileSelector(found.path))
    except OSError as error:
        raise InputError(f"{uri}: cannot be listed: {' '.join(str(error).split())}") from error
    base = uri.rstrip("/")
    names = sorted(
        each.base_name
        for each in inside
        if each.type == fs.FileType.File and has_image_suffix(each.base_name)
    )
    if not names:
        raise InputError(f"{uri}: the folder has no images")
    return [f"{base}/{name}" for name in names]


def _system_and_path(uri: str) -> tuple[Any, str]:
    scheme, host, path = _URI.fullmatch(uri).groups()  # type: ignore[union-attr]  # only URIs come here
    system, root = _system(scheme, host)
    return system, (root.rstrip("/") + path) or root


@lru_cache(maxsize=64)  # opening one asks the network
def _system(scheme: str, host: str) -> tuple[Any, str]:
    arrow = load_pyarrow()
    from pyarrow import fs

    try:
        system, root = fs.FileSystem.from_uri(f"{scheme}://{host}" + ("" if host else "/"))
    except (arrow.ArrowInvalid, OSError, ValueError) as error:
        raise InputError(
            f"{scheme}://{host}: cannot be opened ({' '.join(str(error).split())}): expected "
            "file, s3, gs, abfs or hdfs"
        ) from error
    return system, root
