"""Depth, normals, PNCC, mask and texture coordinates as picture or array files."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependencyError, OutputError
from ..installation.optional_packages import pip_line
from ..rendering.depth_normals_pncc import FacePictures
from ..storage.atomic_write import atomic_write

DEPTH_ZERO, DEPTH_STEPS_PER_MM = 32768, 100  # of the 16-bit depth picture
_PNG_EFFORT = 1  # of 9: larger is slower for a few percent

Array = NDArray[np.generic]


def write_picture(folder: Path, stem: str, kind: str, pictures: FacePictures, form: str) -> str:
    """Write one picture.

    PNG files hold

    * `depth`: 16 bits, (value - 32768) / 100 millimetres toward the camera from the origin of the
      own head; 0: no face;
    * `normals`: 8 bits, red, green, blue = (x, y, z + 1) / 2 of the unit normal: x right, y up, z
      toward the camera; black: no face;
    * `pncc`: 8 bits, red, green, blue = x, y, z of the normalised coordinate code; black: no face;
    * `mask`: 8 bits, 255 where there is a face;
    * `uv`: 16 bits, red, green = u, v, and blue 65535 where there is a face.

    NPY files hold the arrays of `FacePictures` as they are: `depth_mm`, `normals`, `pncc`, `mask`,
    `uv`. EXR files hold the same as float32 (OpenEXR, ZIP without loss): R, G, B of `normals` and
    `pncc`, R, G of `uv`, Y of `depth` and `mask`; not a number where an array has none.

    Args:
        folder: Where.
        stem: Name without suffix.
        kind: One of `PICTURE_KINDS`.
        pictures: What to write.
        form: `png`, `npy` or `exr`.

    Returns:
        The file's name.

    Raises:
        OutputError: The file cannot be written.
        MissingDependencyError: EXR needs the package OpenEXR.
    """
    name = f"{stem}.{kind}.{form}"
    array, as_png = _KINDS[kind]
    if form == "npy":
        buffer = io.BytesIO()
        np.save(buffer, array(pictures), allow_pickle=False)
        atomic_write(folder / name, buffer.getvalue())
        return name
    if form == "exr":
        atomic_write(folder / name, _exr(array(pictures)))
        return name
    picture = as_png(pictures)
    options = [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT]
    done, content = cv2.imencode(".png", np.ascontiguousarray(picture), options)
    if not done:
        raise OutputError(f"OpenCV cannot encode {kind} of shape {picture.shape} as PNG")
    atomic_write(folder / name, content.tobytes())
    return name


def _exr(array: Array) -> bytes:
    """(H, W) or (H, W, 2 or 3) as an EXR file of float32."""
    try:
        import OpenEXR
    except ImportError as error:
        raise MissingDependencyError(
            f"writing EXR needs the package OpenEXR: {pip_line('exr')}"
        ) from error
    planes = np.atleast_3d(array).astype(np.float32)
    letters = "Y" if planes.shape[2] == 1 else "RGB"
    channels = {
        letter: np.ascontiguousarray(planes[..., k])
        for k, letter in enumerate(letters[: planes.shape[2]])
    }
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    with tempfile.TemporaryDirectory() as scratch:  # OpenEXR writes to paths only
        path = Path(scratch) / "picture.exr"
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))
        return path.read_bytes()


def _depth(pictures: FacePictures) -> NDArray[np.uint16]:
    value = np.nan_to_num(pictures.depth_mm) * DEPTH_STEPS_PER_MM + DEPTH_ZERO
    value = np.rint(value).clip(1, 65535)
    return np.where(pictures.mask, value, 0).astype(np.uint16)


def _normals(pictures: FacePictures) -> NDArray[np.uint8]:
    value = np.rint((pictures.normals[..., ::-1] + 1) * 127.5)
    return np.where(pictures.mask[..., None], value, 0).astype(np.uint8)


def _pncc(pictures: FacePictures) -> NDArray[np.uint8]:
    return np.asarray(np.rint(pictures.pncc[..., ::-1] * 255), np.uint8)


def _mask(pictures: FacePictures) -> NDArray[np.uint8]:
    return np.where(pictures.mask, np.uint8(255), np.uint8(0))


def _uv(pictures: FacePictures) -> NDArray[np.uint16]:
    u, v = (np.nan_to_num(pictures.uv[..., k]).clip(0, 1) * 65535 for k in range(2))
    covered = np.where(pictures.mask, 65535.0, 0.0)
    return np.asarray(np.rint(np.stack([covered, v, u], axis=-1)), np.uint16)


_KINDS: dict[
    str,
    tuple[Callable[[FacePictures], Array], Callable[[FacePictures], NDArray[np.unsignedinteger]]],
] = {
    "depth": (lambda pictures: pictures.depth_mm, _depth),
    "normals": (lambda pictures: pictures.normals, _normals),
    "pncc": (lambda pictures: pictures.pncc, _pncc),
    "mask": (lambda pictures: pictures.mask, _mask),
    "uv": (lambda pictures: pictures.uv, _uv),
}
