"""Every way of not being a photograph."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frsdk.errors import ImageFileError, MissingDependencyError
from frsdk.imaging.read_image import read_image

from .pictures import gradient, one_line_error, write_huge_png


def test_not_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("hello")
    assert one_line_error(tmp_path / "a.jpg").startswith("not an image that frsdk reads (JPEG,")


def test_heic_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    with pytest.raises(MissingDependencyError, match=r"HEIC needs pillow-heif.*\[heif\]"):
        read_image(tmp_path / "a.heic")


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert one_line_error(tmp_path / "a.jpg") == "is empty (0 bytes)"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert one_line_error(tmp_path / "no.jpg") == "no such file"
    assert one_line_error(tmp_path) == "is a folder, expected an image file"


def test_pipe_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert one_line_error(tmp_path / "pipe.jpg") == "is not a regular file"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "gif", "bmp", "jp2"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_truncated_file(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (80, 80, 3), np.uint8)
    buffer = io.BytesIO()
    kind = {"jpg": "jpeg", "tif": "tiff", "jp2": "jpeg2000"}.get(suffix, suffix)
    Image.fromarray(noise).save(buffer, kind)
    content = buffer.getvalue()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    message = one_line_error(path)
    assert message.startswith(("truncated", "damaged"))


def test_truncated_jpeg_says_so(tmp_path: Path) -> None:
    Image.fromarray(gradient(200, 200)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    assert one_line_error(tmp_path / "a.jpg") == f"truncated JPEG file ({len(content) // 2} bytes)"


def test_a_header_that_claims_more_than_memory_holds(tmp_path: Path) -> None:
    """A box of JPEG 2000 may state 64 bits of length, which Pillow asks memory for."""
    begin = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    (tmp_path / "a.jp2").write_bytes(
        begin + b"\0\0\0\x01jp2h" + struct.pack(">Q", 2**60) + bytes(40)
    )
    assert "claims more bytes than memory holds" in one_line_error(tmp_path / "a.jp2")


def test_random_damage_is_an_image_file_error_or_an_image(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    sources = []
    for kind in ("jpeg", "png", "webp", "tiff", "gif", "bmp", "jpeg2000", "ppm"):
        buffer = io.BytesIO()
        Image.fromarray(gradient(40, 40)).save(buffer, kind)
        sources.append(buffer.getvalue())
    path = tmp_path / "damaged"
    for content in sources:
        for _ in range(40):
            damaged = bytearray(content)
            for position in random.integers(0, len(damaged), 4):
                damaged[position] = random.integers(0, 256)
            path.write_bytes(damaged)
            try:
                image = read_image(path, max_pixels=1_000_000)
            except ImageFileError as error:
                assert "\n" not in str(error)  # either outcome is right
            else:
                assert image.ndim == 3
                assert image.shape[2] == 3


def test_huge_image_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    write_huge_png(tmp_path / "huge.png", 20_000)
    assert (tmp_path / "huge.png").stat().st_size < 200_000
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = one_line_error(tmp_path / "huge.png")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message == (
        "too many pixels: 20000x20000 = 400000000, at most 100000000 "
        "(raise --max-pixels to read it)"
    )
    assert peak < 10_000_000


def test_a_tile_far_larger_than_its_picture_is_refused(tmp_path: Path) -> None:
    """Memory for a whole tile is taken before it is decoded."""
    path, side = tmp_path / "a.tif", 30000
    # Width, height, bits, compression, grey; then the tile's sides, place and length.
    tags = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 322: side, 323: side, 324: 200, 325: 64}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4)
    path.write_bytes(header.ljust(264, b"\0"))
    with pytest.raises(ImageFileError, match="too many pixels in a tile: 900000000, at most"):
        read_image(path, max_pixels=10_000_000)


def test_max_pixels_is_the_only_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(tmp_path / "a.png", max_pixels=600).shape == (20, 30, 3)
    assert "30x20 = 600, at most 599" in one_line_error(tmp_path / "a.png", max_pixels=599)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_pillow_warnings_stay_inside_also_across_threads(tmp_path: Path) -> None:
    # A JPEG with a damaged EXIF block: Pillow warns.
    buffer = io.BytesIO()
    Image.fromarray(gradient()).save(
        buffer, "jpeg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\xff" + b"x" * 9
    )
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue())
    errors: list[BaseException] = []

    def read_often() -> None:
        try:
            for _ in range(30):
                read_image(path)
        except (ImageFileError, Warning) as error:
            errors.append(error)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        threads = [threading.Thread(target=read_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert warnings.filters == before
    assert errors == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_file(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    assert one_line_error(tmp_path / "a.png") == "cannot be read: Permission denied"


def test_unreadable_file_as_any_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert one_line_error(tmp_path / "a.png") == "cannot be read: Permission denied"
