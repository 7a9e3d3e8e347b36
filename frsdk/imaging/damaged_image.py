"""What Pillow says of damaged pictures, in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from ..errors import ImageFileError

# What Pillow's plug-ins raise on damaged input; DecompressionBombError is handled by itself.
DAMAGED = (
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


def damaged_image(error: BaseException, location: str, kind: str) -> ImageFileError:
    """The error for what one of :data:`DAMAGED`, or memory, says of a picture of a kind."""
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text.lower() or isinstance(error, EOFError):
        try:
            size = f" ({Path(location).stat().st_size} bytes)"
        except (OSError, ValueError):  # no path
            size = ""
        return ImageFileError(f"{location}: truncated {kind} file{size}")
    if isinstance(error, MemoryError):
        text = "a part of it claims more bytes than memory holds"
    if text == "unknown pixel mode":
        return ImageFileError(
            f"{location}: unsupported: samples that Pillow has no mode for, such as 32-bit colour; "
            "convert it to 8 or 16 bits"
        )
    if "not supported" in text or "unsupported" in text.lower():
        return ImageFileError(f"{location}: unsupported kind of {kind}: {text}")
    return ImageFileError(f"{location}: damaged {kind} file: {text}")
