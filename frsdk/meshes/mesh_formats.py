"""Kinds of mesh files, which of them hold a texture, and what lies beside an OBJ."""

from __future__ import annotations

import hashlib
import re

MESH_SUFFIXES = (".glb", ".obj", ".ply", ".stl", ".3mf")
TEXTURED_SUFFIXES = (".glb", ".obj")
#: What a textured OBJ's material and picture end in, after its plain stem.
OBJ_COMPANIONS = (".mtl", ".texture.png")


def mesh_endings(kind: str) -> tuple[str, ...]:
    """What the files of a mesh end in: `.glb`, or an OBJ's and those beside it."""
    return (f".{kind}", *(OBJ_COMPANIONS if kind == "obj" else ()))


def obj_plain_stem(stem: str) -> str:
    """What an OBJ's material and picture are called: no spaces, which OBJ cannot.

    The names of two stems differ, for their files lie side by side.
    """
    name = re.sub(r"[^\w.-]", "_", stem)
    if name == stem:
        return name
    return f"{name}-{hashlib.sha256(stem.encode(errors='surrogateescape')).hexdigest()[:6]}"
