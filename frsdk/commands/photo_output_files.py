"""The files of one photograph: meshes, overlay, pictures, scene; all of them or none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..imaging.image_sources import OVERLAY_SUFFIX
from ..meshes.mesh_formats import OBJ_COMPANIONS, obj_plain_stem
from ..records.photo_record import photo_record
from ..rendering.face_outputs import render_faces
from ..rendering.overlay import draw_faces
from ..rendering.photo_scene import write_scene
from ..storage.atomic_write import atomic_write, cannot_write
from ..storage.path_kinds import exists, is_file
from .depth_pncc_files import write_picture
from .reconstruct_defaults import JobOptions

if TYPE_CHECKING:
    from ..face import Face

_PNG_EFFORT = 3  # of 9: larger is slower for a few percent


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """The folder of the results, and a hidden one in it for what is not finished."""

    folder: Path
    drafts: Path


def write_photo(
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    place: OutputPlace,
    stem: str,
    options: JobOptions,
) -> dict[str, object]:
    """Write the meshes and the overlay of one photograph, all or none; returns its record."""
    meshes: list[str] | None = None
    overlay = None
    with _draft(place.drafts) as draft:
        if options.mesh != "none":
            meshes = [f"{stem}.{number}.{options.mesh}" for number in range(len(faces))]
            for face, mesh in zip(faces, meshes, strict=True):
                face.save(draft / mesh, image)
        if options.overlay:
            overlay = stem + OVERLAY_SUFFIX
            atomic_write(draft / overlay, _png_from_image(draw_faces(image, faces)))
        more = _write_more(image, faces, draft, stem, options)
        _move_all(draft, place.folder)
    _remove_older_meshes(place.folder, stem, len(faces), options.mesh)
    size_wh = (image.shape[1], image.shape[0])
    return photo_record(size_wh, faces, meshes=meshes, overlay=overlay, more=more)


def _write_more(
    image: NDArray[np.uint8], faces: Sequence[Face], draft: Path, stem: str, options: JobOptions
) -> dict[str, object]:
    """Pictures and scene, where asked for; what the photograph's record says of them."""
    more: dict[str, object] = {}
    if options.pictures:
        pictures = render_faces(faces, (image.shape[1], image.shape[0]))
        more["pictures"] = {
            kind: write_picture(draft, stem, kind, pictures, options.picture_format)
            for kind in options.pictures
        }
    if options.scene:
        more["scene"] = f"{stem}.scene.glb"
        write_scene(draft / f"{stem}.scene.glb", faces, image)
    return more


@contextmanager
def _draft(drafts: Path) -> Iterator[Path]:
    """A folder for one photograph, gone at the end: what is written there is moved out whole."""
    try:
        draft = tempfile.TemporaryDirectory(dir=drafts)
    except OSError as error:
        raise cannot_write(drafts.parent, error) from error
    with draft as name:
        yield Path(name)


def _move_all(draft: Path, folder: Path) -> None:
    """Move what a folder holds into another; a failure leaves nothing that was not there."""
    new: list[Path] = []
    try:
        for path in sorted(draft.iterdir()):
            target = folder / path.name
            before = exists(target)
            path.replace(target)
            new += [] if before else [target]
    except OSError as error:
        for path in new:
            path.unlink(missing_ok=True)
        raise cannot_write(folder, error) from error


def _remove_older_meshes(folder: Path, stem: str, faces: int, kind: str) -> None:
    """Meshes of faces that an earlier run found in a photograph and this one did not."""
    older = folder / f"{stem}.{faces}.{kind}"
    try:
        while kind != "none" and is_file(older):
            older.unlink()
            if kind == "obj":
                for beside in OBJ_COMPANIONS:
                    name = f"{obj_plain_stem(older.stem)}{beside}"
                    older.with_name(name).unlink(missing_ok=True)
            faces += 1
            older = folder / f"{stem}.{faces}.{kind}"
    except OSError as error:
        raise cannot_write(older, error) from error


def _png_from_image(image: NDArray[np.uint8]) -> bytes:
    done, content = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT])
    if not done:
        raise OutputError(f"OpenCV cannot encode an image of shape {image.shape} as PNG")
    return content.tobytes()
