"""A face crop's file as bytes, from a folder or a tar."""

from __future__ import annotations

import lzma
import tarfile
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

#: What reading a damaged tar raises, documented or not.
TAR_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
MOST_BYTES = 1 << 24  # larger files are no crops, and are not read


def image_from_bytes(content: bytes) -> NDArray[np.uint8] | None:
    """Decode a picture as (H, W, 3) uint8 BGR; None where that fails."""
    if not content:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # a size beyond OpenCV's limit
        return None
    return None if image is None else np.asarray(image, np.uint8)
