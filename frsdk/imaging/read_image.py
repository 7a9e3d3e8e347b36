"""Photographs as BGR arrays, or one line that says why not."""

from __future__ import annotations

import importlib
import io
import math
import os
import stat
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageFileError, InputError
from ..installation.optional_packages import missing_package
from .image_sources import DEFAULT_MAX_PIXELS, READABLE_FORMATS, SAMPLE_PREFIX, check_sample
from .video_signature import begins_as_video

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

ImageInput: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image"
)
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
_BAND_PIXELS = 1 << 20
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
# What Pillow's plug-ins raise on damaged input; DecompressionBombError is handled by itself.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)
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
        with _pillow_warnings_silenced():
            _check_pixels(source, "a Pillow image", max_pixels)
            return _decoded(source, "a Pillow image")
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
    with _pillow_warnings_silenced():
        image = _read_header(file, location)
        _check_pixels(image, location, max_pixels)
        tile = _tile_pixels(image)
        if tile > max_pixels:
            raise ImageFileError(
                f"{location}: too many pixels in a tile: {tile}, at most {max_pixels} (raise "
                "--max-pixels to read it)"
            )
        return _decoded(image, location)


def _check_pixels(image: Image, location: str, max_pixels: int) -> None:
    width, height = image.size
    if not width * height:
        raise ImageFileError(f"{location}: an image of {width}x{height} pixels")
    if width * height > max_pixels:
        raise ImageFileError(
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


def _read_header(file: IO[bytes], location: str) -> ImageFile:
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
            raise ImageFileError(f"{location}: too many pixels: {error}") from error
        except _DAMAGED as error:
            raise _damaged(error, location, name) from error
    if begins_as_video(prefix):
        raise ImageFileError(f"{location}: is a video: use frsdk video {location} -o FOLDER")
    raise ImageFileError(f"{location}: not an image that frsdk reads ({READABLE_FORMATS})")


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
    except _DAMAGED as error:
        raise _damaged(error, location, "HEIC") from error
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


def _decoded(image: ImageFile, location: str) -> NDArray[np.uint8]:
    from PIL import ImageOps

    kind = image.format or "image"
    try:
        image.load()
        upright = ImageOps.exif_transpose(image) if _orientation(image) != 1 else image
        return _bgr_from_pillow(upright, location)
    except ImageFileError:
        raise
    except MemoryError as error:
        width, height = image.size
        raise ImageFileError(f"{location}: not enough memory for {width}x{height}") from error
    except _DAMAGED as error:
        raise _damaged(error, location, kind) from error


def _orientation(image: Image) -> object:
    try:
        return image.getexif().get(0x0112, 1)
    except _DAMAGED:  # damaged EXIF says nothing about the orientation; the pixels are whole
        return 1


def _bgr_from_pillow(image: Image, location: str) -> NDArray[np.uint8]:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return _grey_bgr_from_16_bit(np.asarray(image))
    if image.mode in ("I", "F"):
        raise ImageFileError(
            f"{location}: unsupported: 32-bit samples (mode {image.mode}); convert it to 8 or 16"
        )
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return _bgr_over_black(image if image.mode == "RGBA" else image.convert("RGBA"))
    rgb = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    return np.ascontiguousarray(rgb[..., ::-1])


def _bgr_over_black(image: Image) -> NDArray[np.uint8]:
    """Composite RGBA over black, in bands of rows that bound the memory."""
    rgba = np.asarray(image)
    flat = np.empty((*rgba.shape[:2], 3), np.uint8)
    rows = max(1, _BAND_PIXELS // rgba.shape[1])
    for top in range(0, len(rgba), rows):
        band = rgba[top : top + rows]
        # (R, W, 3) * (R, W, 1) fits uint16: 255 * 255 + 127 < 65536
        product = band[..., 2::-1] * band[..., 3:].astype(np.uint16)
        flat[top : top + rows] = (product + 127) // 255
    return flat


def _grey_bgr_from_16_bit(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    table = ((np.arange(65536, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    grey = table[np.clip(samples, 0, 65535).astype(np.uint16)]
    return np.repeat(grey[..., None], 3, axis=2)  # (H, W) -> (H, W, 3)


def _damaged(error: BaseException, location: str, kind: str) -> ImageFileError:
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text.lower() or isinstance(error, EOFError):
        try:
            size = f" ({Path(location).stat().st_size} bytes)"
        except (OSError, ValueError):  # no path
            size = ""
        return ImageFileError(f"{location}: truncated {kind} file{size}")
    if text == "unknown pixel mode":
        return ImageFileError(
            f"{location}: unsupported: samples that Pillow has no mode for, such as 32-bit colour; "
            "convert it to 8 or 16 bits"
        )
    if "not supported" in text or "unsupported" in text.lower():
        return ImageFileError(f"{location}: unsupported kind of {kind}: {text}")
    return ImageFileError(f"{location}: damaged {kind} file: {text}")


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


_silence_lock = threading.Lock()
_silence_depth = 0
_silence: warnings.catch_warnings[None] | None = None


@contextmanager
def _pillow_warnings_silenced() -> Iterator[None]:
    """Drop warnings raised inside Pillow, for as long as any thread is reading.

    `warnings.catch_warnings` restores what it found, so two threads that overlap would restore in
    the wrong order: the first one in installs the filter, the last one out removes it.
    """
    global _silence_depth, _silence
    with _silence_lock:
        if _silence_depth == 0:
            _silence = warnings.catch_warnings()
            _silence.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
        _silence_depth += 1
    try:
        yield
    finally:
        with _silence_lock:
            _silence_depth -= 1
            if _silence_depth == 0 and _silence is not None:
                _silence.__exit__(None, None, None)
                _silence = None
