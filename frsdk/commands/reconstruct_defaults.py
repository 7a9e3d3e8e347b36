"""What `frsdk reconstruct` reads and writes, and what of it by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..imaging.read_image import DEFAULT_MAX_PIXELS
from .output_names import MESH_KINDS, PICTURE_FORMATS, PICTURE_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a batch reads and writes.

    Attributes:
        mesh: `glb`, `obj`, `ply`, `stl` or `none`: the mesh file of each face.
        overlay: Whether each photograph gets an overlay PNG.
        pictures: Of `depth`, `normals`, `pncc`, `mask`, `uv`: one file each for all faces.
        picture_format: `png`, `npy` or `exr`.
        scene: Whether each photograph gets a GLB of all its faces before it.
        html: Whether the batch gets a page that shows it.
        max_pixels: Photographs with more pixels are refused.
    """

    mesh: str = "glb"
    overlay: bool = True
    pictures: tuple[str, ...] = ()
    picture_format: str = "png"
    scene: bool = False
    html: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        """Check the names."""
        _check_known("mesh format", (self.mesh,), MESH_KINDS)
        _check_known("picture", self.pictures, PICTURE_KINDS)
        _check_known("picture format", (self.picture_format,), PICTURE_FORMATS)


def _check_known(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"unknown {what} {name!r}: expected one of {', '.join(known)}")
