"""Open a picture by its content: the header is read, no pixel."""

from __future__ import annotations

import importlib
from typing import IO, TYPE_CHECKING

from ..errors import ImageFileError, TooManyPixelsError, UnknownFormatError
from ..installation.optional_packages import missing_package
from .damaged_image import DAMAGED, damaged_image
from .image_sources import READABLE_FORMATS
from .video_signature import begins_as_video

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

# Pillow format -> the plug-in that reads it. An allow-list: EPS would start Ghostscript.
_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "BMP": "BmpImagePlugin",
    "TIFF": "TiffImagePlugin",
    "GIF": "GifImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "PPM": "PpmImagePlugin",
    "AVIF": "AvifImagePlugin",
}
_PREFIX_BYTES = 64
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}


def open_image(file: IO[bytes], location: str) -> ImageFile:
    """Open by the plug-ins themselves: `PIL.Image.open` would apply Pillow's own pixel limit."""
    from PIL import Image

    prefix = _read_prefix(file, location)
    if not prefix:
        raise ImageFileError(f"{location}: is empty (0 bytes)")
    if is_heic(prefix):
        return _open_heic(file, location)
    for name, module in _PLUGINS.items():
        try:
            importlib.import_module(f"PIL.{module}")
        except ImportError:  # AVIF came with Pillow 11.3
            continue
        factory, accepts = Image.OPEN[name]
        verdict = accepts(prefix) if accepts else True
        if isinstance(verdict, str):  # the format is known, its decoder is not built in
            raise ImageFileError(f"{location}: unsupported: this Pillow has no {name} decoder")
        if not verdict:
            continue
        file.seek(0)
        try:
            return factory(file, location)
        except Image.DecompressionBombError as error:
            raise TooManyPixelsError(f"{location}: too many pixels: {error}") from error
        except (*DAMAGED, MemoryError) as error:  # the header claims more than there is
            raise damaged_image(error, location, name) from error
    if begins_as_video(prefix):
        raise UnknownFormatError(f"{location}: is a video: use frsdk video {location} -o FOLDER")
    raise UnknownFormatError(f"{location}: not an image that frsdk reads ({READABLE_FORMATS})")


def _open_heic(file: IO[bytes], location: str) -> ImageFile:
    """By pillow-heif, without making it known to all of Pillow."""
    try:
        plugin = importlib.import_module("pillow_heif.as_plugin")
    except (ImportError, OSError) as error:
        title = f"{location}: HEIC needs pillow-heif, which"
        raise missing_package(error, "pillow_heif", "heif", title=title) from error
    file.seek(0)
    try:
        image: ImageFile = plugin.HeifImageFile(file, location)
    except (*DAMAGED, MemoryError) as error:
        raise damaged_image(error, location, "HEIC") from error
    return image


def is_heic(prefix: bytes) -> bool:
    """Whether a file that begins so is an HEIC picture: HEVC in the container of AVIF."""
    if prefix[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(prefix[:4], "big"), len(prefix))
    # The main brand, a version, compatible brands; four bytes each.
    brands = {prefix[8:12], *(prefix[at : at + 4] for at in range(16, end, 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def _read_prefix(file: IO[bytes], location: str) -> bytes:
    try:
        return file.read(_PREFIX_BYTES)
    except OSError as error:
        raise ImageFileError(f"{location}: cannot be read: {error.strerror}") from error
