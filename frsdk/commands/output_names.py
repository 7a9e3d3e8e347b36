"""Names of the files that a batch writes: one stem per photograph, never two alike."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

MESH_KINDS = ("glb", "obj", "ply", "stl", "none")
PICTURE_KINDS = ("depth", "normals", "pncc", "mask", "uv")
PICTURE_FORMATS = ("png", "npy", "exr")
_MAX_STEM_BYTES = 180  # of the 255 that file systems allow, with room for suffixes


def output_stems(names: Iterable[str]) -> list[str]:
    """Choose an output stem for each photograph's file name.

    The stem is the name without its suffix. Where several photographs share it (compared without
    case, as some file systems do), each keeps its suffix (`a.jpg`, `a.png`); those that are still
    alike (the same name in two folders) are numbered in their order: `a.jpg`, `a.jpg-2`. The
    result depends on the names and their order alone.

    Args:
        names: File names without their folders.

    Returns:
        Distinct stems, in the order of the names.
    """
    names = list(names)
    stems = [_shortened(PurePath(name).stem) for name in names]
    shared = Counter(stem.casefold() for stem in stems)
    used: set[str] = set()
    # A stem of its own is taken first, so that no numbered one pushes it aside.
    chosen: list[str | None] = [None] * len(names)
    for index, stem in enumerate(stems):
        if shared[stem.casefold()] == 1:
            chosen[index] = stem
            used.add(stem.casefold())
    result = []
    for name, own in zip(names, chosen, strict=True):
        result.append(own if own is not None else _numbered(_shortened(name), used))
    return result


def _numbered(stem: str, used: set[str]) -> str:
    candidate, number = stem, 1
    while candidate.casefold() in used:
        number += 1
        candidate = f"{stem}-{number}"
    used.add(candidate.casefold())
    return candidate


def _shortened(stem: str) -> str:
    encoded = os.fsencode(stem)
    if len(encoded) <= _MAX_STEM_BYTES:
        return stem
    return encoded[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
