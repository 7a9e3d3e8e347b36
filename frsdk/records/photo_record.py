"""What faces.json says of one photograph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..face import Face

FACES_SCHEMA_VERSION = 1


def photo_record(
    size_wh: tuple[int, int],
    faces: Sequence[Face],
    *,
    meshes: Sequence[str] | None = None,
    overlay: str | None = None,
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The record of a photograph, ready for JSON, without its `file`.

    Args:
        size_wh: Width, height in pixels.
        faces: In it, largest first.
        meshes: A file name a face; None where no meshes are written.
        overlay: A file name.
        more: Further fields: `pictures`, `scene`.
    """
    names: Sequence[str | None] = [None] * len(faces) if meshes is None else meshes
    entries = [{**face.to_dict(), "mesh": name} for face, name in zip(faces, names, strict=True)]
    width, height = size_wh
    return {"width": width, "height": height, "overlay": overlay, **(more or {}), "faces": entries}


def faces_document(images: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """A whole faces.json of photographs none of which failed, ready for JSON.

    Args:
        images: Records, each with its `file`.
    """
    return {
        "schema_version": FACES_SCHEMA_VERSION,
        "complete": True,
        "images": list(images),
        "failures": [],
    }
