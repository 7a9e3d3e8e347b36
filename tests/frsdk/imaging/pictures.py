"""Pictures for tests of reading, and what refuses them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from frsdk.errors import ImageFileError
from frsdk.imaging.read_image import read_image


def gradient(height: int = 20, width: int = 30) -> np.ndarray:
    """(H, W, 3) uint8 RGB with three different channels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 8, y * 12, 255 - x * 4], axis=-1).astype(np.uint8)


def one_line_error(path: Path, **options: int) -> str:
    with pytest.raises(ImageFileError) as caught:
        read_image(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def write_huge_png(path: Path, side: int) -> None:
    """A black 1-bit picture of side x side pixels: a few dozen kilobytes."""
    pack = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(pack.compress(row * 100) for _ in range(side // 100)) + pack.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND", b"")
    )
