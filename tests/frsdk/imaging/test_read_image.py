"""Every kind of photograph, and every way of not being one."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
import tracemalloc
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from frsdk.errors import ImageFileError, InputError, MissingDependencyError
from frsdk.imaging.image_sources import find_images
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


def test_png_is_bgr(tmp_path: Path) -> None:
    rgb = gradient()
    Image.fromarray(rgb).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image, rgb[..., ::-1])
    assert image.flags.c_contiguous
    assert image.flags.writeable
    assert image.dtype == np.uint8


@pytest.mark.parametrize("suffix", ["bmp", "tif", "ppm", "webp", "jp2"])
def test_lossless_formats_agree(tmp_path: Path, suffix: str) -> None:
    rgb = gradient()
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(rgb).save(tmp_path / f"a.{suffix}", **options)
    np.testing.assert_array_equal(read_image(tmp_path / f"a.{suffix}"), rgb[..., ::-1])


def test_format_is_told_by_content_not_by_suffix(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "a.jpg"), gradient()[..., ::-1])


def test_grey_is_repeated(tmp_path: Path) -> None:
    grey = gradient()[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.dstack([grey] * 3))


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.new("P", (4, 2), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png", transparency=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = read_image(tmp_path / "p.png")
    assert pixels[0, 1].tolist() == [50, 100, 200]
    assert pixels[0, 0].tolist() == [0, 0, 0]


def test_rgba_is_composited_over_black(tmp_path: Path) -> None:
    rgba = np.full((1, 3, 4), 200, np.uint8)
    rgba[0, :, 3] = (0, 128, 255)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [0, 100, 200]


def test_grey_with_alpha(tmp_path: Path) -> None:
    Image.merge("LA", [Image.new("L", (2, 2), 90), Image.new("L", (2, 2), 255)]).save(
        tmp_path / "la.png"
    )
    assert (read_image(tmp_path / "la.png") == 90).all()


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 128, 129, 257 * 100, 65535 - 128, 65535]], np.uint16)
    cv2.imwrite(str(tmp_path / "g.png"), values)
    assert read_image(tmp_path / "g.png")[0, :, 0].tolist() == [0, 0, 1, 100, 255, 255]
    cv2.imwrite(str(tmp_path / "g.tif"), values)
    assert read_image(tmp_path / "g.tif")[0, :, 1].tolist() == [0, 0, 1, 100, 255, 255]


def test_sixteen_bit_colour_is_scaled(tmp_path: Path) -> None:
    bgr = gradient().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "c.png"), bgr)
    np.testing.assert_array_equal(read_image(tmp_path / "c.png"), gradient())


def test_float_samples_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((3, 3), np.float32)).save(tmp_path / "f.tif")
    assert one_line_error(tmp_path / "f.tif").startswith("unsupported: 32-bit samples")


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "c.jpg", quality=95)
    blue, green, red = read_image(tmp_path / "c.jpg")[8, 8].astype(int)
    assert red > 240
    assert blue < 15
    assert green < 15


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    upright = gradient()
    # How a camera stores a picture that is to be turned by this code (EXIF 2.3, table 6).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: upright.transpose(1, 0, 2)[::-1],
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: upright.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), upright[..., ::-1])


def test_one_pixel(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[3, 2, 1]]]


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("L", (5, 4), value) for value in (50, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (read_image(tmp_path / "a.gif") == 50).all()


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


def test_sample_needs_no_network() -> None:
    pytest.importorskip("skimage", reason="the quickstart extra is not installed")
    image = read_image("sample:astronaut")
    assert image.shape == (512, 512, 3)
    assert image[0, 0].tolist() == [151, 147, 154]


def test_sample_without_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(
        MissingDependencyError, match=r"not installed: pip install .*\[quickstart\]"
    ):
        read_image("sample:astronaut")


def test_unknown_sample() -> None:
    with pytest.raises(InputError, match="no sample 'cat'; there is sample:astronaut"):
        read_image("sample:cat")


class TestFindImages:
    def test_folder_is_sorted_and_not_entered(self, tmp_path: Path) -> None:
        for name in ("b.JPG", "a.png", "notes.txt", "a.overlay.png", "faces.json"):
            (tmp_path / name).touch()
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "c.png").touch()
        (tmp_path / "folder.png").mkdir()
        found = [source.location for source in find_images([tmp_path])]
        assert found == [str(tmp_path / "a.png"), str(tmp_path / "b.JPG")]

    def test_folder_without_images(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        with pytest.raises(InputError, match="has no images"):
            find_images([tmp_path])

    def test_glob(self, tmp_path: Path) -> None:
        for name in ("b.png", "a.png", "c.txt"):
            (tmp_path / name).touch()
        found = [source.name for source in find_images([str(tmp_path / "*.png")])]
        assert found == ["a.png", "b.png"]
        with pytest.raises(InputError, match="no file matches"):
            find_images([str(tmp_path / "*.webp")])

    def test_brackets_in_an_existing_name_are_no_glob(self, tmp_path: Path) -> None:
        (tmp_path / "a[1].png").touch()
        assert find_images([tmp_path / "a[1].png"])[0].name == "a[1].png"

    def test_named_twice_is_kept_once_and_order_follows_the_inputs(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            (tmp_path / name).touch()
        found = find_images([tmp_path / "b.png", "sample:astronaut", tmp_path, "sample:astronaut"])
        assert [source.name for source in found] == ["b.png", "astronaut.png", "a.png"]

    def test_missing_file_is_kept_for_the_reader_to_report(self, tmp_path: Path) -> None:
        assert find_images([tmp_path / "no.jpg"])[0].location == str(tmp_path / "no.jpg")

    def test_unknown_sample(self) -> None:
        with pytest.raises(InputError, match="no sample"):
            find_images(["sample:dog"])
