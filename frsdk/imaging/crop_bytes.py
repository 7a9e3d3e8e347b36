"""A face crop's file as bytes, from a folder or a tar."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageFileError
from .image_header import open_image

#: What reading a damaged tar raises, documented or not.
TAR_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
MOST_BYTES = 1 << 24  # larger files are no crops, and are not read
MOST_PIXELS = 1 << 24  # nor are larger pictures, whatever few bytes claim to hold them
_PNG = b"\x89PNG\r\n\x1a\n"


def image_from_bytes(content: bytes) -> NDArray[np.uint8] | None:
    """Decode a picture as (H, W, 3) uint8 BGR; None where that fails, or where it is no crop."""
    try:
        width, height = open_image(io.BytesIO(content), "").size
    except ImageFileError:
        return None
    if width * height > MOST_PIXELS or not _chunks_fit(content):
        return None
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # a size beyond OpenCV's limit
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _chunks_fit(content: bytes) -> bool:
    """Whether the chunks of a PNG lie in it: OpenCV reserves what a chunk's length claims."""
    if not content.startswith(_PNG):
        return True
    at = len(_PNG)
    while at + 8 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        at += 12 + length
        if at > len(content):
            return False
        if kind == b"IEND":
            break
    return True
