"""Photographs as bytes, file objects and Pillow images, in HEIC and AVIF."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frsdk import FaceReconstructor, read_image
from frsdk.errors import ImageFileError, InputError
from frsdk.imaging.image_header import is_heic

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)
BGR = PIXELS[..., ::-1]


def encoded(kind: str = "PNG", picture: Image.Image = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


class Pipe(io.RawIOBase):
    """Cannot seek, as a pipe."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        part, self._content = self._content, b""
        return part


def test_all_forms_of_one_picture_are_alike(tmp_path: Path) -> None:
    content = encoded()
    (tmp_path / "a.png").write_bytes(content)
    with (tmp_path / "a.png").open("rb") as file:
        assert np.array_equal(read_image(file), BGR)
    for source in (
        content,
        bytearray(content),
        memoryview(content),
        io.BytesIO(content),
        Pipe(content),
        PICTURE,
        Image.open(io.BytesIO(content)),
        tmp_path / "a.png",
    ):
        assert np.array_equal(read_image(source), BGR), type(source)  # fmt: skip


def test_orientation_and_kinds_hold_for_pillow_images_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned clockwise
    turned = Image.open(io.BytesIO(encoded(exif=exif)))
    assert np.array_equal(read_image(turned), np.rot90(BGR, -1))
    assert (turned.width, turned.height) == (50, 40)  # the caller's own is as it was
    grey = Image.fromarray(PIXELS[..., 0])
    assert np.array_equal(read_image(grey), np.repeat(PIXELS[..., :1], 3, axis=2))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (b"", ImageFileError, "0 bytes: is empty"),
        (b"hello", ImageFileError, "5 bytes: not an image that frsdk reads"),
        (encoded("JPEG")[:300], ImageFileError, "300 bytes: truncated JPEG file"),
        (io.StringIO("hello"), InputError, "a file object: gives str: open it in binary mode"),
        (PIXELS, InputError, "binary file object or a Pillow image, got ndarray"),
        (None, InputError, "got NoneType"),
        (Image.new("RGB", (0, 4)), ImageFileError, "an image of 0x4 pixels"),
        (Image.new("F", (4, 4)), ImageFileError, "unsupported: 32-bit samples"),
    ],
)
def test_what_is_no_picture_is_one_line(source: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        read_image(source)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_pixels_are_limited_in_every_form() -> None:
    content = encoded()
    for source in (lambda: content, lambda: io.BytesIO(content), lambda: PICTURE):
        with pytest.raises(ImageFileError, match="too many pixels: 50x40 = 2000, at most 1999"):
            read_image(source(), max_pixels=1999)
        assert read_image(source(), max_pixels=2000).shape == (40, 50, 3)


def test_a_closed_file_object_is_one_line() -> None:
    file = io.BytesIO(encoded())
    file.close()
    with pytest.raises(ImageFileError, match="a file object: cannot be read: I/O operation on"):
        read_image(file)


def test_colour_in_32_bits_is_unsupported_not_damaged() -> None:
    cv2 = pytest.importorskip("cv2")
    done, content = cv2.imencode(".tiff", PIXELS.astype(np.float32))
    assert done
    with pytest.raises(ImageFileError, match=r"unsupported: samples .* convert it to 8 or 16 bits"):
        read_image(content.tobytes())


def test_heic_of_a_phone() -> None:
    heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif (frsdk[heif])")
    known = set(Image.OPEN)
    smooth = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    buffer = io.BytesIO()
    heif.from_pillow(smooth).save(buffer, quality=95)
    content = buffer.getvalue()
    assert is_heic(content[:64])
    wanted = np.asarray(smooth)[..., ::-1].astype(int)
    assert np.abs(read_image(content) - wanted).mean() < 2
    with pytest.raises(ImageFileError, match="too many pixels: 64x48"):
        read_image(content, max_pixels=100)
    with pytest.raises(ImageFileError, match=r"damaged|truncated"):
        read_image(content[: len(content) // 2])
    assert set(Image.OPEN) - {"HEIF"} == known - {"HEIF"}
    assert "HEIF" in known or "HEIF" not in Image.OPEN  # Pillow itself stays as it was


def test_avif() -> None:
    features = pytest.importorskip("PIL.features")
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF decoder")
    smooth = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    content = encoded("AVIF", smooth, quality=95)
    assert not is_heic(content[:64])
    assert np.abs(read_image(content) - np.asarray(smooth).astype(int)).mean() < 2


def test_several_pictures_at_once_give_the_same_numbers() -> None:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (frsdk[quickstart])")
    astronaut = np.ascontiguousarray(data.astronaut()[..., ::-1])
    black = np.zeros((90, 120, 3), np.uint8)
    both = np.concatenate([astronaut[:400, :400], astronaut[:400, 100:500]], axis=1)
    pictures = [astronaut, black, both]
    with FaceReconstructor() as reconstruct:
        alone = [reconstruct(each) for each in pictures]
        together = reconstruct.batch(iter(pictures))
        assert reconstruct.batch([]) == []
        with pytest.raises(InputError, match="image 1: expected an image"):
            reconstruct.batch([black, black[..., 0]])
        with pytest.raises(InputError, match="expected a list of images, got NoneType"):
            reconstruct.batch(None)  # type: ignore[arg-type]
    assert [len(each) for each in together] == [len(each) for each in alone] == [1, 0, 2]
    for one, other in zip(chain(*alone), chain(*together), strict=True):
        assert np.abs(one.landmarks - other.landmarks).max() < 1e-3
        assert (one.roi, one.score) == (other.roi, other.score)
    with FaceReconstructor(max_faces=1) as reconstruct:
        assert [len(each) for each in reconstruct.batch(pictures)] == [1, 0, 1]


def test_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "frsdk", "reconstruct", "-", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, input=encoded(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"0 faces in 1 photo; 0 meshes, 1 overlay")
    assert (tmp_path / "out" / "stdin.overlay.png").is_file()
    done = subprocess.run(command, input=b"", capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"frsdk: <stdin>: is empty (0 bytes)\n")
