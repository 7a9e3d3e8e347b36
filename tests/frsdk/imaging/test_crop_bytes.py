"""A crop's bytes: what is no crop is not decoded, whatever it claims to hold."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from frsdk.imaging.crop_bytes import image_from_bytes


def png(width: int, height: int, *, claimed: int | None = None) -> bytes:
    """A grey PNG; `claimed` is the length that the chunk of pixels says it has."""

    def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
        body = kind + data
        size = len(data) if length is None else length
        return struct.pack(">I", size) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes([70]) * min(width, 64) for _ in range(8)))
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels, claimed), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_is_decoded_as_opencv_does() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    for suffix in (".png", ".jpg", ".webp"):
        content = cv2.imencode(suffix, image)[1].tobytes()
        wanted = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(image_from_bytes(content), wanted)
    grey = image_from_bytes(png(8, 8))
    assert grey is not None and (grey == 70).all() and grey.shape == (8, 8, 3)


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", png(30_000, 30_000), png(8, 8, claimed=0xD6000000), png(8, 8)[:-30]],
    ids=["nothing", "text", "900 million pixels", "a chunk of 3.6 GB", "cut"],
)
def test_what_is_no_crop_is_not_decoded(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    def decode(*_arguments: object) -> None:
        raise AssertionError("OpenCV reserves what the file claims")

    monkeypatch.setattr(cv2, "imdecode", decode)
    assert image_from_bytes(content) is None
