"""Every kind of photograph."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from frsdk.errors import InputError, MissingDependencyError
from frsdk.imaging.read_image import read_image

from .pictures import gradient, one_line_error


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
