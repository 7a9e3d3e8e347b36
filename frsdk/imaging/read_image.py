"""Photographs as BGR arrays, or one line that says why not."""

from __future__ import annotations

import io
import math
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageFileError, InputError, TooManyPixelsError
from ..installation.optional_packages import missing_package
from .image_header import open_image
from .image_pixels import bgr_from_image
from .image_sources import SAMPLE_PREFIX, check_sample
from .pillow_warnings import pillow_warnings_silenced

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

ImageInput: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image"
)
DEFAULT_MAX_PIXELS = 100_000_000
_TILE_TAGS = (322, 323)  # TIFF: width and length of a tile


def read_image(source: ImageInput, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> NDArray[np.uint8]:
    """Read a photograph as 8-bit BGR, the right way up.

    The header is read first, so that an image above `max_pixels` is refused before any memory is
    taken for it. EXIF orientation is applied. Grey, palette, CMYK and 16-bit images are converted
    (16 bits are scaled by 255 / 65535, not clipped); transparent pixels are composited over black,
    which is what lies outside the picture in a network crop; of several frames the first is taken.
    Colour profiles are ignored. Pillow's own limit (`PIL.Image.MAX_IMAGE_PIXELS`) is neither used
    nor changed, and none of its warnings reaches the caller.

    Args:
        source: The path of a file; its bytes; a file object that was opened in binary mode; a
            Pillow image; or `sample:astronaut` (the photograph in scikit-image's package). HEIC
            needs the package pillow-heif (the extra heif).
        max_pixels: Refuse an image with more pixels than this.

    Returns:
        (H, W, 3) uint8, BGR, C-contiguous.

    Raises:
        ImageFileError: No such file, not readable, empty, not an image, of an unsupported kind,
            truncated or damaged, or with too many pixels.
        InputError: The source is none of these.
        MissingDependencyError: A sample is asked for and scikit-image is not installed, or a HEIC
            file and pillow-heif is not.
    """
    if isinstance(source, str | os.PathLike):
        location = os.fspath(source)
        if location.startswith(SAMPLE_PREFIX):
            return _read_sample(location)
        with _opened(location) as file:
            return _read_file(file, location, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _read_file(io.BytesIO(source), f"{len(source)} bytes", max_pixels)
    pillow = sys.modules.get("PIL.Image")  # without it nobody has an image of it
    if pillow is not None and isinstance(source, pillow.Image):
        with pillow_warnings_silenced():
            _check_pixels(source, "a Pillow image", max_pixels)
            return bgr_from_image(source, "a Pillow image")
    if not hasattr(source, "read"):
        raise InputError(
            "expected the path of an image, its bytes, a binary file object or a Pillow image, "
            f"got {type(source).__name__}"
        )
    return _read_stream(cast("IO[bytes]", source), max_pixels)


def _read_stream(stream: IO[bytes], max_pixels: int) -> NDArray[np.uint8]:
    """From a file object at its position, which need not be able to seek."""
    name = getattr(stream, "name", None)
    location = name if isinstance(name, str) else "a file object"
    try:
        content = stream.read()
    except (OSError, ValueError) as error:
        raise ImageFileError(f"{location}: cannot be read: {error}") from error
    if not isinstance(content, bytes | bytearray):
        raise InputError(f"{location}: gives {type(content).__name__}: open it in binary mode")
    return _read_file(io.BytesIO(content), location, max_pixels)


def _read_file(file: IO[bytes], location: str, max_pixels: int) -> NDArray[np.uint8]:
    with pillow_warnings_silenced():
        image = open_image(file, location)
        _check_pixels(image, location, max_pixels)
        tile = _tile_pixels(image)
        if tile > max_pixels:
            raise TooManyPixelsError(
                f"{location}: too many pixels in a tile: {tile}, at most {max_pixels} (raise "
                "--max-pixels to read it)"
            )
        return bgr_from_image(image, location)


def _check_pixels(image: Image, location: str, max_pixels: int) -> None:
    width, height = image.size
    if not width * height:
        raise ImageFileError(f"{location}: an image of {width}x{height} pixels")
    if width * height > max_pixels:
        raise TooManyPixelsError(
            f"{location}: too many pixels: {width}x{height} = {width * height}, "
            f"at most {max_pixels} (raise --max-pixels to read it)"
        )


def _tile_pixels(image: ImageFile) -> int:
    """Pixels of a TIFF's tile, for which memory is taken whatever the picture's size; else 0."""
    tags = getattr(image, "tag_v2", None) or {}
    sides = [tags.get(number, 0) for number in _TILE_TAGS]
    return math.prod(side for side in sides if isinstance(side, int))


@contextmanager
def _opened(location: str) -> Iterator[IO[bytes]]:
    try:
        path = Path(location)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageFileError(f"{location}: is a folder, expected an image file")
        if not stat.S_ISREG(status.st_mode):
            raise ImageFileError(f"{location}: is not a regular file")
        if status.st_size == 0:
            raise ImageFileError(f"{location}: is empty (0 bytes)")
        file = path.open("rb")  # closed below: the errors caught here are of opening only
    except FileNotFoundError as error:
        raise ImageFileError(f"{location}: no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"{location}: cannot be read: {reason}") from error
    with file:
        yield file


def _read_sample(location: str) -> NDArray[np.uint8]:
    check_sample(location)
    try:
        import skimage
    except (ImportError, OSError) as error:
        title = f"scikit-image, which brings {location},"
        raise missing_package(error, "skimage", "quickstart", title=title) from error
    # Read the file in the package: skimage.data would look at a cache folder and the network.
    path = Path(skimage.__file__).parent / "data" / "astronaut.png"
    return read_image(path)
